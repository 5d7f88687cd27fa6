// The official Node client against a gateway: does what it is told and prints what it got as JSON.
// node client.mjs <folder of node_modules> <base url> <key>
import { createRequire } from "node:module";

const [folder, baseURL, apiKey] = process.argv.slice(2);
const OpenAI = createRequire(`${folder}/`)("openai");
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const say = (content) => [{ role: "user", content }];
const weather = {
  type: "function",
  function: { name: "weather", parameters: { type: "object", properties: { place: { type: "string" } } } },
};

async function failure(work) {
  try {
    await work();
  } catch (error) {
    const { name } = error.constructor;
    return { name, status: error.status ?? null, code: error.code ?? null, message: error.message, requestID: error.requestID };
  }
  return null;
}

async function streamed(body) {
  const events = [];
  for await (const event of await client.chat.completions.create({ ...body, stream: true })) events.push(event);
  return events;
}

const tasks = {
  async plain() {
    const { data, response, request_id } = await client.chat.completions
      .create({ model: "sandbox/echo", messages: say("Hello, gate.") })
      .withResponse();
    return { data, request_id, headers: Object.fromEntries(response.headers) };
  },
  stream: () => streamed({ model: "sandbox/echo", messages: say("one two three") }),
  usage: () => streamed({ model: "sandbox/echo", messages: say("one two"), stream_options: { include_usage: true } }),
  async tools() {
    const body = { model: "sandbox/echo", tools: [weather], messages: say('/tool weather {"place": "Pisa"}') };
    const first = await client.chat.completions.create(body);
    const { message } = first.choices[0];
    const result = { role: "tool", tool_call_id: message.tool_calls[0].id, content: "sunny" };
    const second = await client.chat.completions.create({ ...body, messages: [...body.messages, message, result] });
    const run = client.chat.completions.stream(body);
    return { first, second, streamed: await run.finalMessage() };
  },
  passing: () =>
    client.chat.completions.create({
      model: "watched",
      messages: [
        { role: "user", content: [{ type: "text", text: "?" }, { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } }] },
      ],
      response_format: { type: "json_object" },
      n: 2,
      logprobs: true,
      brand_new: { deep: [1, null] },
    }),
  async models() {
    const all = [];
    for await (const model of client.models.list()) all.push(model);
    return { all, one: await client.models.retrieve("sandbox/echo") };
  },
  async failures() {
    const stranger = new OpenAI({ baseURL, apiKey: "gp_nobody_xxxxxxxxxxxxxxxxxxxx", maxRetries: 0 });
    const chat = (model, using = client, more = {}) =>
      failure(() => using.chat.completions.create({ model, messages: say("Hi") }, more));
    return {
      key: await chat("sandbox/echo", stranger),
      model: await chat("sandbox/ecko"),
      operation: await failure(() => client.embeddings.create({ model: "talker", input: "x" })),
      budget: await failure(() =>
        client.chat.completions.create({ model: "dear", messages: say("Hi") }, { maxRetries: 3 }),
      ),
      provider: await failure(() => client.chat.completions.create({ model: "sandbox/echo", messages: say("/error 400 no") })),
      broken: await failure(() => streamed({ model: "sandbox/echo", messages: say("/cut\none two three") })),
      timeout: await failure(() =>
        client.chat.completions.create({ model: "sandbox/echo", messages: say("/delay 3000\nHi") }, { timeout: 300 }),
      ),
    };
  },
  async embeddings() {
    const { data } = await client.embeddings.create({ model: "sandbox/echo", input: ["a b", "c"], dimensions: 4 });
    return { lengths: data.map((one) => one.embedding.length), usual: data.every((one) => Array.isArray(one.embedding)) };
  },
  async images() {
    const { data } = await client.images.generate({ model: "sandbox/echo", prompt: "a cat", n: 2 });
    return data.map((one) => one.b64_json);
  },
  async responses() {
    const ask = (body) => client.responses.create({ model: "sandbox/echo", ...body });
    const plain = await ask({ input: "Hello, gate." });
    const events = [];
    for await (const event of await ask({ input: "one two three", stream: true })) events.push(event);
    const tools = [{ type: "function", name: "weather", strict: false, parameters: weather.function.parameters }];
    const first = await ask({ tools, input: '/tool weather {"place": "Pisa"}' });
    const [call] = first.output;
    const input = [{ type: "function_call_output", call_id: call.call_id, output: "sunny" }];
    const second = await ask({ tools, input, previous_response_id: first.id });
    const unknown = await failure(() => ask({ input: "Hi", previous_response_id: "resp_unheard_of" }));
    const broken = await failure(async () => {
      for await (const event of await ask({ input: "/cut\none two three", stream: true })) events.at(-1).seen = event.type;
    });
    return { plain, events, call, second, unknown, broken };
  },
  async completions() {
    const plain = await client.completions.create({ model: "sandbox/echo", prompt: "Hello, gate." });
    const words = [];
    for await (const event of await client.completions.create({ model: "sandbox/echo", prompt: "one two", stream: true }))
      words.push(event.choices[0].text);
    return { plain, words };
  },
  async leaving() {
    const stream = await client.chat.completions.create({ model: "sandbox/echo", messages: say("/pace 50\n/words 100"), stream: true });
    let seen = 0;
    for await (const event of stream) {
      seen += event.choices.length;
      if (seen > 2) break;
    }
    return { seen };
  },
};

const found = {};
for (const [name, task] of Object.entries(tasks)) found[name] = await task();
if (folder && process.argv[5]) {
  const real = { model: "tiny", messages: say("Hello."), max_tokens: 8, ignore_eos: true };
  found.real = { plain: await client.chat.completions.create(real), stream: await streamed(real) };
}
process.stdout.write(JSON.stringify(found));
