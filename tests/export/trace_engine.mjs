// What Chrome DevTools' performance panel makes of a trace: {"bounds": [first, last], "threads": {name: {event: count}}}.
import fs from 'fs';
globalThis.window = globalThis;
globalThis.DOMRect ??= class { constructor(x, y, width, height) { Object.assign(this, {x, y, width, height}); } };
const {Processor} = await import(`${process.argv[2]}/models/trace/trace.js`);
const engine = Processor.TraceProcessor.createWithAllHandlers();
await engine.parse(JSON.parse(fs.readFileSync(process.argv[3])).traceEvents, {});
const {Meta, Renderer} = engine.data;
const threads = {};
for (const one of Renderer.processes.values())
  for (const thread of one.threads.values()) {
    const names = threads[thread.name] = {};
    for (const entry of thread.entries) names[entry.name] = (names[entry.name] || 0) + 1;
  }
console.log(JSON.stringify({bounds: [Meta.traceBounds.min, Meta.traceBounds.max], threads}));
