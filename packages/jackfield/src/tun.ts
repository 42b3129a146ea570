/** Real devices: Linux TUN and TAP. Needs the optional dependency `@jackfield/tun-driver`. */
export * from '@jackfield/tun-driver'
