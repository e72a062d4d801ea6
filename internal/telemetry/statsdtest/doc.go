// Package statsdtest runs a real DogStatsD receiver, prometheus/statsd_exporter,
// for tests. Linux only.
package statsdtest
