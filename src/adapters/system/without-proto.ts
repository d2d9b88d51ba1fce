/**
 * Takes `__proto__` from all objects of this process, as Node's `--disable-proto=delete` does: a key of that name from
 * outside is then a key like others, whatever a library does with it. To be imported before anything else.
 */
Reflect.deleteProperty(Object.prototype, '__proto__')
