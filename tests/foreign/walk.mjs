// The unmodified `openai` package of Node, by its public API alone, from an upload to the answer of a deployed model.
import OpenAI, { AzureOpenAI, toFile } from "openai";
import assert from "node:assert/strict";

const [surface, endpoint, apiKey, token] = process.argv.slice(2);
const client =
  surface === "v1"
    ? new OpenAI({ baseURL: `${endpoint}/openai/v1/`, apiKey })
    : new AzureOpenAI({ endpoint, apiKey, apiVersion: "2025-04-01-preview" });
const until = async (look, done) => {
  for (let tries = 0; tries < 600; tries += 1) {
    const seen = await look();
    if (done(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it did not happen within a minute");
};

const rows = Array.from({ length: 12 }, (_, n) => ({
  messages: [
    { role: "user", content: `What is entry ${n}?` },
    { role: "assistant", content: `It is number ${n}.` },
  ],
}));
const text = rows.map((row) => JSON.stringify(row)).join("\n");
const file = await client.files.create({ file: await toFile(Buffer.from(text), "rows.jsonl"), purpose: "fine-tune" });
await until(() => client.files.retrieve(file.id), (seen) => seen.status === "processed");

const made = await client.fineTuning.jobs.create({
  model: "gpt-4.1-mini-2025-04-14",
  training_file: file.id,
  suffix: "node",
  method: { type: "supervised", supervised: { hyperparameters: { n_epochs: 10 } } },
  trainingType: "Standard",
});
const job = await until(() => client.fineTuning.jobs.retrieve(made.id), (seen) => seen.status === "succeeded");

const events = [];
for await (const event of client.fineTuning.jobs.listEvents(job.id)) events.push(event.message);
assert.equal(events[0], `Training tokens billed: ${job.trained_tokens}`);
const checkpoints = [];
for await (const checkpoint of client.fineTuning.jobs.checkpoints.list(job.id)) checkpoints.push(checkpoint);
assert.equal(checkpoints[0].fine_tuned_model_checkpoint, job.fine_tuned_model);
const results = await (await client.files.content(job.result_files[0])).text();
assert.ok(results.startsWith("step,train_loss,"));

const group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/emulated";
const account = `${group}/providers/Microsoft.CognitiveServices/accounts/contoso`;
const url = `${endpoint}${account}/deployments/node-${surface}?api-version=2024-10-01`;
const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
const body = JSON.stringify({
  sku: { name: "standard", capacity: 1 },
  properties: { model: { format: "OpenAI", name: job.fine_tuned_model, version: "1" } },
});
assert.equal((await fetch(url, { method: "PUT", headers, body })).status, 201);
const ask = () =>
  client.chat.completions
    .create({ model: `node-${surface}`, messages: [{ role: "user", content: "What is entry 3?" }], temperature: 0 })
    .catch((error) => {
      if (error.status === 404) return null; // `Succeeded` is not ready
      throw error;
    });
const reply = await until(ask, (seen) => seen !== null);
assert.equal(reply.choices[0].message.content, "It is number 3.");
assert.ok((await fetch(url, { method: "DELETE", headers })).ok);
console.log("done", surface, events.length, "events", checkpoints.length, "checkpoints");
