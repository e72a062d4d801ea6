package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/modelparity/parity/internal/dataset"
)

// arrays are the environments in which the same command runs many times: the
// variable with the worker's index, and the one with the count.
var arrays = []struct{ name, index, count string }{
	{"Kubernetes", "JOB_COMPLETION_INDEX", "PARITY_SHARDS"}, // Kubernetes does not tell the count
	{"AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"},
}

// shard reads --shard, or the variables of an array job where it is not given.
func (a *app) shard(flag string) (dataset.Shard, error) {
	if flag != "" {
		index, count, ok := strings.Cut(flag, "/")
		if !ok {
			return dataset.Shard{}, fmt.Errorf("--shard %q: write I/N, as in 0/8", flag)
		}
		return parseShard("--shard", index, count)
	}
	for _, env := range arrays {
		index, count := a.getenv(env.index), a.getenv(env.count)
		if index == "" {
			continue
		}
		if count == "" {
			return dataset.Shard{}, fmt.Errorf("%s is %s but %s is not set, so it is not known how many %s workers there are: set it",
				env.index, index, env.count, env.name)
		}
		return parseShard(env.index+"/"+env.count, index, count)
	}
	return dataset.Shard{}, nil
}

func parseShard(what, index, count string) (dataset.Shard, error) {
	i, err := strconv.Atoi(index)
	n, err2 := strconv.Atoi(count)
	if err != nil || err2 != nil || n < 1 {
		return dataset.Shard{}, fmt.Errorf("%s %s/%s: two numbers are needed, as in 0/8", what, index, count)
	}
	s := dataset.Shard{Index: i, Count: n}
	return s, s.Validate()
}
