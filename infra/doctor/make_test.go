package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// making runs make in the project's folder with nothing on the path but these commands, each a script.
func making(t *testing.T, commands map[string]string, arguments ...string) string {
	t.Helper()
	path := t.TempDir()
	for name, script := range commands {
		if err := os.WriteFile(filepath.Join(path, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tool, err := exec.LookPath("make")
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(tool, append([]string{"-C", "../.."}, arguments...)...)
	c.Env = []string{"PATH=" + path}
	said, _ := c.CombinedOutput() // an error is what is looked for
	return string(said)
}

// A shop whose folder is taken away goes on with files that nobody sees, and all that it does is lost when it stops.
func TestTheDataOfARunningShopIsNotThrownAway(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lock string
		kept bool
	}{
		"a shop runs": {fmt.Sprintln(os.Getpid()), true}, "it has stopped": {"", false},
		"it was killed": {fmt.Sprintln(math.MaxInt32), false}, // no system gives a process this number
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			if err := os.WriteFile(filepath.Join(data, "lock"), []byte(c.lock), 0o644); err != nil {
				t.Fatal(err)
			}
			said := making(t, map[string]string{"rm": `exec /bin/rm "$@"`}, "reset", "DATA="+data)
			_, err := os.Stat(data)
			if kept := err == nil; kept != c.kept || kept != strings.Contains(said, "stop it first") {
				t.Errorf("kept %v, make reset says %q", kept, said)
			}
		})
	}
}

// What is missing is for the doctor to say: it must not need it.
func TestTheDoctorComesToAMachineWithoutNode(t *testing.T) {
	t.Parallel()
	said := making(t, map[string]string{"go": "echo the doctor is here", "npm": "exit 1"}, "-W", "package.json", "doctor")
	if !strings.Contains(said, "the doctor is here") {
		t.Errorf("make doctor says %q", said)
	}
}

func TestWithoutGoOrNodeMakeSaysWhichToInstall(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"doctor"}, "Go is missing: install Go 1.26 or later"},
		{[]string{"-W", "package.json", "run"}, "Node is missing: install Node 20 or later"},
	} {
		if said := making(t, nil, c.arguments...); !strings.Contains(said, c.want) {
			t.Errorf("make %v says %q, want %q", c.arguments, said, c.want)
		}
	}
}
