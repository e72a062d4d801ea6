// Command parity proves that a new model endpoint answers as the old one did,
// on real traffic. Each verb has a file of its own here; this package is the
// only one that reads flags, the environment and sets exit codes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/config"
	"github.com/modelparity/parity/internal/telemetry"
)

// The exit codes: the contract of every verb.
const (
	exitDone         = 0
	exitNotShown     = 1 // gate, run: a budget is exceeded
	exitFailed       = 2 // the job could not be done
	exitInconclusive = 3 // gate, run: not enough evidence
	exitInterrupted  = 130
)

// exitCode is an error that stands for a verdict and not for a failure.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// app is what a verb may use of the world outside.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	terminal       bool // stdout is one
	getenv         func(string) string
	configPath     string
	loaded         *config.Config
}

func main() {
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(a.run(ctx, os.Args[1:]))
}

// outlives has a command go on where nobody reads what it says of itself, as with
// `2>&1 | head -1`: what can't be written is an error then, where otherwise it ends
// the process. Work of hours must not stop by that, nor what serves live traffic.
func outlives(do func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // to ignore it would be inherited
		return do(cmd, args)
	}
}

// run carries out one command line and says with which code to exit.
func (a *app) run(ctx context.Context, args []string) int {
	out := &output{Writer: a.stdout}
	a.terminal, a.stdout = telemetry.IsTerminal(a.stdout), out
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = out.err
	}
	var verdict exitCode
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &verdict):
		return int(verdict)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(a.stderr, "parity: interrupted; what was committed stays, and the same command goes on from there")
		return exitInterrupted
	}
	fmt.Fprintf(a.stderr, "parity: %v%s\n", err, advice(err))
	return exitFailed
}

// output remembers that something could not be written: a list that is cut short
// by a full disk is not done.
type output struct {
	io.Writer
	err error // the first
}

func (o *output) Write(b []byte) (int, error) {
	n, err := o.Writer.Write(b)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// advice says what to do about a limit of this machine, wherever it was met.
func advice(err error) string {
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return ": raise the limit (`ulimit -n`), or lower the concurrency, as each request in flight takes a file, and repeat the command"
	}
	return ""
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "parity",
		Short: "Prove that a new model endpoint answers as the old one did, on real traffic",
		Long: `Parity records an old service's real requests and answers, sends the requests to
its replacement, compares the answers, and says with what confidence they agree.`,
		Example: `  parity demo                                                  # the whole pipeline on this machine
  parity capture --upstream http://127.0.0.1:8080 --listen :8081 --out recording
  parity run recording --target http://new.example --out run   # replay, compare, report, gate
  parity show run                                              # what differs, by signature`,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	root.PersistentFlags().StringVar(&a.configPath, "config", "", "parity.yaml; flags win over it")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())
	})
	root.SetUsageTemplate(usageTemplate)
	root.AddCommand(a.demoCommand(), a.captureCommand(), a.importCommand(), a.selectCommand(), a.replayCommand(), a.compareCommand(), a.acceptCommand(),
		a.reportCommand(), a.gateCommand(), a.runCommand(), a.showCommand(), a.serveCommand(), a.lsCommand(), a.catCommand(), a.fsckCommand(), a.doctorCommand())
	for _, cmd := range root.Commands() {
		cmd.Args = explainArgs(cmd.Args)
		switch cmd.Name() {
		case "capture", "import", "select", "replay", "compare", "run":
			cmd.RunE = outlives(cmd.RunE)
		}
	}
	return root
}

// usageTemplate is cobra's with the examples last, where they can be copied
// from right above the prompt.
const usageTemplate = `Usage:
  {{if .Runnable}}{{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} COMMAND{{end}}{{if .HasAvailableSubCommands}}

Commands:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

Flags of every command:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}

Exit status:
{{with index .Annotations "` + exitStatus + `"}}{{.}}{{else}}  0 done, 1 a budget is exceeded (gate, run), 2 could not do the job,
  3 not enough evidence (gate, run), 130 interrupted{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}
`

// exitStatus is the annotation of a command whose exit codes its help lists, and
// gateStatus what it says of those that give a verdict.
const (
	exitStatus = "exit status"
	gateStatus = `  0    every model is shown to be within its budgets
  1    a model is shown to be over one
  2    the job could not be done: a wrong flag or config, what can't be read or
       written, a ledger that does not balance
  3    neither is shown: too few samples, an incomplete run, no answers
  130  interrupted: what was committed stays, and the same command goes on`
)

// explainArgs says how a command is used when its arguments are wrong.
func explainArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return fmt.Errorf("%w; usage: %s", err, cmd.UseLine())
		}
		return nil
	}
}

// config reads the file once, so that a command that takes hours goes by one.
func (a *app) config() (config.Config, error) {
	if a.loaded == nil {
		c, err := config.Load(a.configPath)
		if err != nil {
			return config.Config{}, err
		}
		a.loaded = &c
	}
	return *a.loaded, nil
}

// version is the module's, as the Go toolchain stamped it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
