// Runs an export's test vectors with onnxruntime-node: node check_vectors.js <folder of the export>
const fs = require("fs");
const path = require("path");
const ort = require("onnxruntime-node");

const folder = process.argv[2];
const read = (name) => JSON.parse(fs.readFileSync(path.join(folder, name), "utf-8"));

function makeTensor(given, ids) {
  const data = given.dtype === "int64" ? BigInt64Array.from(ids.map(BigInt)) : Int32Array.from(ids);
  return new ort.Tensor(given.dtype, data, [1, ids.length]);
}

function calibrate(row, described) {
  const scaled = row.map((value) => Math.pow(Math.min(1, Math.max(described.smallest, value)), 1 / described.temperature));
  const total = scaled.reduce((sum, value) => sum + value, 0);
  return scaled.map((value) => value / total);
}

async function main() {
  const described = read("export.json");
  const session = await ort.InferenceSession.create(path.join(folder, described.model));
  const { vectors } = read("test_vectors.json");
  for (const vector of vectors) {
    const feeds = Object.fromEntries(described.inputs.map((given) => [given.name, makeTensor(given, vector.tokens[given.name])]));
    const output = await session.run(feeds, [described.output]);
    const found = calibrate(Array.from(output[described.output].data), described);
    const difference = Math.max(...found.map((value, index) => Math.abs(value - vector.probabilities[index])));
    if (!(difference < described.parity.bound)) throw new Error(`${JSON.stringify(vector.text)} differs by ${difference}`);
  }
  console.log(`${vectors.length} vectors agree`);
}

main().catch((error) => { console.error(error.message); process.exit(1); });
