// Prints the rows of a Parquet file as JSON Lines, as DuckDB reads them: blobs
// as hexadecimal digits, times as microseconds, integers as strings.
import { DuckDBInstance } from "@duckdb/node-api";

const file = process.argv[2].replaceAll("'", "''");
const connection = await (await DuckDBInstance.create(":memory:")).connect();
const columns = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet('${file}')`)).getRows();
const readable = columns.map(([name, type]) => {
  switch (type) {
    case "BLOB": return `hex("${name}") AS "${name}"`;
    case "TIMESTAMP WITH TIME ZONE": return `epoch_us("${name}")::VARCHAR AS "${name}"`;
    default: return `"${name}"::VARCHAR AS "${name}"`;
  }
});
const rows = await connection.runAndReadAll(`SELECT ${readable.join(", ")} FROM read_parquet('${file}', file_row_number = true) ORDER BY file_row_number`);
for (const row of rows.getRowObjectsJson()) console.log(JSON.stringify(row));
