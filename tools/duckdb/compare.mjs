// Compares a recording with a run in SQL, as a skilled user of DuckDB would on
// one core: joins both by id, judges each pair with the tolerance that Parity
// has by default, writes the mismatched rows to a Parquet file and counts them
// by model. Prints {"mismatches", "setup"}: setup is the CPU, in seconds, that
// was spent before the first query, which is node's and not DuckDB's.
//
//   node compare.mjs text|schema|paths RECORDING RESULTS OUT.parquet
//   node compare.mjs merge FROM - TO.parquet     copies a folder into one file
import { DuckDBInstance } from "@duckdb/node-api";

const [how, recording, results, out] = process.argv.slice(2);
const connection = await (await DuckDBInstance.create(":memory:")).connect();
const run = (sql) => connection.run(sql);
const files = (folder) => `read_parquet('${folder}/**/*.parquet', binary_as_string = true, hive_partitioning = false)`;
const key = "id, time, model, model_version, request_hash, defect";

const schema = JSON.stringify({
  model: "VARCHAR", label: "VARCHAR", score: "DOUBLE", distribution: { great: "DOUBLE", other: "DOUBLE" },
  terms: ["VARCHAR"], topics: [{ t: "VARCHAR", s: "DOUBLE" }],
});
const texts = ["model", "label", "topics[1].t", "topics[2].t"];
const numbers = ["score", "distribution.great", "distribution.other", "topics[1].s", "topics[2].s"];
const near = (r, c) => `abs(${c} - ${r}) <= 1e-9 + 1e-6 * abs(${r})`;
const structsAgree = [
  ...texts.map((p) => `r.${p} = c.${p}`), "r.terms = c.terms", "len(r.topics) = len(c.topics)",
  ...numbers.map((p) => near(`r.${p}`, `c.${p}`)),
].join(" AND ");

const term = [0, 1, 2, 3, 4, 5].map((i) => `terms[${i}]`);
const jsonPath = (p) => "'$." + p.replace("[1].", "[0].").replace("[2].", "[1].") + "'";
const pathsAgree = [
  ...[...texts, ...term].map((p) => `(rb->>${jsonPath(p)}) = (cb->>${jsonPath(p)})`),
  ...numbers.map((p) => near(`(rb->>${jsonPath(p)})::DOUBLE`, `(cb->>${jsonPath(p)})::DOUBLE`)),
].join(" AND ");

const structs = (from) => `SELECT *, from_json(rb, '${schema}') r, from_json(cb, '${schema}') c FROM (${from})`;
const write = (rows) => run(`COPY (${rows}) TO '${out}' (FORMAT parquet, COMPRESSION zstd)`);
const whole = `SELECT rec.*, res.* EXCLUDE (${key}) FROM rec JOIN res USING (id)`;

// Where most texts are equal, one pass over whole rows takes the least CPU;
// where each must be parsed, finding the ids first does.
const onePass = () => write(`SELECT * EXCLUDE (rb, cb, r, c) FROM (${structs(
  `SELECT *, response_body rb, candidate_body cb FROM (${whole}) WHERE response_status <> candidate_status OR response_body <> candidate_body`)})
  WHERE NOT (response_status = candidate_status AND ${structsAgree})`);
const idsFirst = async (shape, agree) => {
  const pairs = `SELECT id, response_status rs, candidate_status cs, response_body rb, candidate_body cb FROM rec JOIN res USING (id)`;
  await run(`CREATE TEMP TABLE bad AS SELECT id FROM (${shape(pairs)}) WHERE NOT (rs = cs AND ${agree})`);
  await write(`${whole} WHERE id IN (FROM bad)`);
};

await run("SET threads = 1");
const spent = process.cpuUsage();
if (how === "merge") {
  await run(`COPY (FROM ${files(recording)}) TO '${out}' (FORMAT parquet, COMPRESSION zstd)`);
} else {
  await run(`CREATE VIEW rec AS FROM ${files(recording)}`);
  await run(`CREATE VIEW res AS FROM ${files(results)}`);
  if (how === "text") await onePass();
  if (how === "schema") await idsFirst(structs, structsAgree);
  if (how === "paths") await idsFirst((pairs) => pairs, pathsAgree);
  const models = (await connection.runAndReadAll(`SELECT model, count(*)::INT FROM '${out}' GROUP BY ALL`)).getRows();
  console.log(JSON.stringify({ mismatches: models.reduce((n, [, count]) => n + count, 0), setup: (spent.user + spent.system) / 1e6 }));
}
