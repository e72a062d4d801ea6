package storetest

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill cmd when this process dies, however it dies.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
