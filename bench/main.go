// Command bench measures Parity beside other tools, on this machine and in one
// run, so that what counts are ratios. `make bench-capture`, `make bench-compare`
// and `make bench-replay` build what it needs; `make bench-plan` and `make
// bench-memory` measure Parity alone.
//
// CPU seconds are user and system time of the whole process, for DuckDB without
// what node took to start; memory is the peak resident set.
package main

import (
	"context"
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	benches := map[string]func(context.Context, []string) error{"capture": captureMain, "compare": compareMain, "memory": memoryMain, "plan": planMain, "replay": replayMain, "soak": soakMain}
	if len(os.Args) < 2 || benches[os.Args[1]] == nil {
		log.Fatal("say `bench capture`, `bench compare`, `bench memory`, `bench plan`, `bench replay` or `bench soak`, and --help for what each takes")
	}
	if err := benches[os.Args[1]](context.Background(), os.Args[2:]); err != nil {
		log.Fatal(err)
	}
}
