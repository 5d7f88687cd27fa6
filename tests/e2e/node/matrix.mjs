// The official Node clients against a gateway, each asked the same things; prints what they got as JSON.
// node matrix.mjs <folder of node_modules> <root of the gateway> <key> <picture as base64> <model>...
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, root, apiKey, picture, ...models] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { default: OpenAI } = await load("openai");
const { default: Anthropic } = await load("@anthropic-ai/sdk");
const ai = await load("ai");
const { createOpenAICompatible } = await load("@ai-sdk/openai-compatible");
const { createOpenAI } = await load("@ai-sdk/openai");
const { createAnthropic } = await load("@ai-sdk/anthropic");
const { z } = await load("zod");

globalThis.AI_SDK_LOG_WARNINGS = false;
const QUESTION = "Ask the weather tool for two places.";
const place = { type: "object", properties: { place: { type: "string" } }, required: ["place"] };
const report = {
  type: "object",
  properties: { place: { type: "string" }, degrees: { type: "integer" } },
  required: ["place", "degrees"],
  additionalProperties: false,
};
const weather = (input) => `sun in ${input.place}`;
const url = `data:image/png;base64,${picture}`;

class OfOpenAI {
  constructor(key, timeout) {
    this.client = new OpenAI({ baseURL: `${root}/v1`, apiKey: key, maxRetries: 0, timeout });
  }
  async create(model, messages, more = {}) {
    return (await this.client.chat.completions.create({ model, messages, ...more })).choices[0].message;
  }
  async chat(model, text) {
    return (await this.create(model, [{ role: "user", content: text }])).content;
  }
  async stream(model, text) {
    const run = this.client.chat.completions.stream({ model, messages: [{ role: "user", content: text }] });
    return run.finalContent();
  }
  async tools(model, stream) {
    const said = [{ role: "user", content: QUESTION }];
    const more = { tools: [{ type: "function", function: { name: "weather", parameters: place } }] };
    const first = stream
      ? await this.client.chat.completions.stream({ model, messages: said, ...more }).finalMessage()
      : await this.create(model, said, more);
    const results = first.tool_calls.map((call) => ({
      role: "tool",
      tool_call_id: call.id,
      content: weather(JSON.parse(call.function.arguments)),
    }));
    return (await this.create(model, [...said, first, ...results], more)).content;
  }
  async schema(model) {
    const format = { type: "json_schema", json_schema: { name: "report", schema: report, strict: true } };
    return JSON.parse((await this.create(model, [{ role: "user", content: "A report." }], { response_format: format })).content);
  }
  async picture(model) {
    const content = [{ type: "text", text: "?" }, { type: "image_url", image_url: { url } }];
    return (await this.create(model, [{ role: "user", content }])).content;
  }
}

const textOf = (message) => message.content.filter((one) => one.type === "text").map((one) => one.text).join("");

class OfAnthropic {
  constructor(key, timeout) {
    this.client = new Anthropic({ baseURL: root, apiKey: key, maxRetries: 0, timeout });
  }
  async create(model, content, more = {}) {
    return textOf(await this.client.messages.create({ model, max_tokens: 500, messages: [{ role: "user", content }], ...more }));
  }
  chat(model, text) {
    return this.create(model, text);
  }
  stream(model, text) {
    return this.client.messages.stream({ model, max_tokens: 500, messages: [{ role: "user", content: text }] }).finalText();
  }
  async tools(model, stream) {
    const messages = [{ role: "user", content: QUESTION }];
    const asked = { model, max_tokens: 500, tools: [{ name: "weather", input_schema: place }] };
    const first = stream
      ? await this.client.messages.stream({ ...asked, messages }).finalMessage()
      : await this.client.messages.create({ ...asked, messages });
    const content = first.content
      .filter((one) => one.type === "tool_use")
      .map((one) => ({ type: "tool_result", tool_use_id: one.id, content: weather(one.input) }));
    messages.push({ role: "assistant", content: first.content }, { role: "user", content });
    return textOf(await this.client.messages.create({ ...asked, messages }));
  }
  async schema(model) {
    const format = { type: "json_schema", schema: report };
    return JSON.parse(await this.create(model, "A report.", { output_config: { format } }));
  }
  picture(model) {
    const source = { type: "base64", media_type: "image/png", data: picture };
    return this.create(model, [{ type: "image", source }, { type: "text", text: "?" }]);
  }
}

class OfVercel {
  constructor(make, timeout) {
    this.make = make;
    this.timeout = timeout;
  }
  options(model) {
    const abortSignal = this.timeout ? AbortSignal.timeout(this.timeout) : undefined;
    return { model: this.make(model), maxRetries: 0, abortSignal };
  }
  async chat(model, prompt) {
    return (await ai.generateText({ ...this.options(model), prompt })).text;
  }
  async stream(model, prompt) {
    let failed;
    const run = ai.streamText({ ...this.options(model), prompt, onError: ({ error }) => (failed = error) });
    let text = "";
    for await (const piece of run.textStream) text += piece;
    if (failed) throw failed;
    return text;
  }
  async tools(model, stream) {
    const known = ai.tool({ inputSchema: z.object({ place: z.string() }), execute: async (input) => weather(input) });
    const asked = { ...this.options(model), prompt: QUESTION, tools: { weather: known }, stopWhen: ai.stepCountIs(3) };
    return stream ? await ai.streamText(asked).text : (await ai.generateText(asked)).text;
  }
  async schema(model) {
    const output = ai.Output.object({ schema: ai.jsonSchema(report) });
    // For a model that it does not know the Anthropic provider would ask by a tool.
    const providerOptions = { anthropic: { structuredOutputMode: "outputFormat" } };
    return (await ai.generateText({ ...this.options(model), output, providerOptions, prompt: "A report." })).output;
  }
  async picture(model) {
    const content = [{ type: "text", text: "?" }, { type: "file", data: picture, mediaType: "image/png" }];
    return (await ai.generateText({ ...this.options(model), messages: [{ role: "user", content }] })).text;
  }
}

const compatible = (key) => {
  const made = createOpenAICompatible({ name: "gate", baseURL: `${root}/v1`, apiKey: key, supportsStructuredOutputs: true });
  return (model) => made(model);
};
const responses = (key) => {
  const made = createOpenAI({ baseURL: `${root}/v1`, apiKey: key });
  return (model) => made.responses(model);
};
const messages = (key) => {
  const made = createAnthropic({ baseURL: `${root}/v1`, apiKey: key });
  return (model) => made(model);
};
const clients = {
  openai: (key, timeout) => new OfOpenAI(key, timeout),
  "@anthropic-ai/sdk": (key, timeout) => new OfAnthropic(key, timeout),
  "ai, openai-compatible": (key, timeout) => new OfVercel(compatible(key), timeout),
  "ai, openai responses": (key, timeout) => new OfVercel(responses(key), timeout),
  "ai, anthropic": (key, timeout) => new OfVercel(messages(key), timeout),
};

async function told(work) {
  try {
    return { said: await work() };
  } catch (error) {
    const { name } = error.constructor;
    return { failed: name, status: error.status ?? error.statusCode ?? null, message: String(error.message).slice(0, 300) };
  }
}

const found = {};
for (const [name, make] of Object.entries(clients)) {
  const client = make(apiKey);
  const got = (found[name] = {});
  for (const model of models) {
    got[model] = {
      chat: await told(() => client.chat(model, "Hello.")),
      stream: await told(() => client.stream(model, "Hello.")),
      tools: await told(() => client.tools(model, false)),
      streamed_tools: await told(() => client.tools(model, true)),
      schema: await told(() => client.schema(model)),
      picture: await told(() => client.picture(model)),
      broken: await told(() => client.stream(model, "break off")),
    };
    for (const status of [404, 429, 500, 401]) got[model][status] = await told(() => client.chat(model, `answer with ${status}`));
  }
  got.failures = {
    unknown: await told(() => client.chat("m-nobody", "Hello.")),
    stranger: await told(() => make("gp_nobody_xxxxxxxxxxxxxxxxxxxxxxxx").chat(models[0], "Hello.")),
    late: await told(() => client.chat(models[0], "be slow")),
    hasty: await told(() => make(apiKey, 150).chat(models[0], "be slow")),
  };
}
process.stdout.write(JSON.stringify(found), () => process.exit(0));
