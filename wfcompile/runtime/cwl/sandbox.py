"""The JavaScript of ours that runs an author's JavaScript in node; node 10 and newer understand it."""

# In each context, before the author's code. `unknown` and `partial` are what reads.py writes for what is not known.
PRELUDE = r"""
"use strict";
(function (global) {
  var touched = false;
  var names = ["size", "checksum", "contents", "listing", "secondaryFiles", "path", "dirname", "location"];
  var define = Object.defineProperties, describe = Object.getOwnPropertyDescriptors;
  var own = Reflect.getOwnPropertyDescriptor, text = String, stringify = JSON.stringify;
  function unknown() { touched = true; throw new Error("known only on the node"); }
  function partial(known) {
    return new Proxy(known, {
      get: function (file, key) { return own(file, key) || names.indexOf(key) < 0 ? file[key] : unknown(); },
      set: function (file, key, value) { file[key] = value; return true; },
      has: unknown, ownKeys: unknown, getOwnPropertyDescriptor: unknown,
      defineProperty: unknown, deleteProperty: unknown
    });
  }
  return {
    unknown: unknown,
    partial: partial,
    touched: function () { return touched; },
    declare: function (values) { define(global, describe(values)); },
    stringify: function (value) { return stringify(value); },
    failure: function (error) {
      try {
        if (error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return "";
        return text(error) + "\n" + text(error.stack);
      } catch (_) { return "an error that cannot be shown"; }
    }
  };
})(this)
"""

# Only strings go from the author's context to node's own; nothing of node's goes there, and node's globals are gone.
DRIVER = r"""
"use strict";
(function (global, fs, vm, Buffer, prelude) {
  var kept = Object.getOwnPropertyNames(vm.runInNewContext("this"));
  Object.getOwnPropertyNames(global).forEach(function (name) {
    if (kept.indexOf(name) < 0) delete global[name];
  });
  var chunk = Buffer.alloc(65536), rest = Buffer.alloc(0);
  function read() {
    var parts = [rest], end = rest.indexOf(10);
    while (end < 0) {
      var count = fs.readSync(0, chunk, 0, chunk.length, null);
      if (!count) return null;
      parts.push(Buffer.from(chunk.subarray(0, count)));
      end = parts[parts.length - 1].indexOf(10);
    }
    var last = parts.pop();
    rest = last.subarray(end + 1);
    parts.push(last.subarray(0, end));
    return JSON.parse(Buffer.concat(parts).toString());
  }
  function write(reply) {
    var bytes = Buffer.from(JSON.stringify(reply) + "\n");
    for (var at = 0; at < bytes.length;) at += fs.writeSync(1, bytes, at, bytes.length - at);
  }
  function answer(request) {
    var context = vm.createContext(Object.create(null), {codeGeneration: {strings: true, wasm: false}});
    var ours = vm.runInContext(prelude, context), result;
    function run(code, name) {
      var script = new vm.Script('"use strict";\n' + code, {filename: name, lineOffset: -1});
      return script.runInContext(context, {timeout: request.milliseconds});
    }
    try {
      var values = vm.runInContext("(function (unknown, partial) { return " + request.variables + "; })", context);
      values = values(ours.unknown, ours.partial);
      run(request.library, "expressionLib");
      ours.declare(values);
      result = ours.stringify(run(request.code, "expression"));
    } catch (error) {
      if (ours.touched()) return {unknown: true};
      var failure = error instanceof Error ? error + "\n" + error.stack : String(ours.failure(error));
      return failure ? {error: failure} : {endless: true};
    }
    if (ours.touched()) return {unknown: true};
    if (typeof result !== "string") return {value: null};
    return result.length > request.longest ? {error: "its value is too long"} : {value: result};
  }
  write({ready: true});
  for (var request = read(); request; request = read()) write(answer(request));
})(this, require("fs"), require("vm"), Buffer, %s)"""
