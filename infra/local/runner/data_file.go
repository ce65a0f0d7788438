package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/infra/local/engine"
	"dangol/infra/local/tables"
)

// dataFile is the name of the engine's file.
const dataFile = "dynamodb.db"

// lockFile is the name of the file that says that a shop runs on the folder; it has the process id of that shop.
const lockFile = "lock"

// lockData takes the data folder for this shop until Close. Two shops on one folder would each deliver everything, and
// write over what the other keeps beside the engine. Error: another one runs on it.
func (r *Runner) lockData() error {
	path := r.file(lockFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	free, err := lock(f)
	if err == nil && !free {
		by, _ := io.ReadAll(f) // says nothing when the other one is just starting
		err = fmt.Errorf("process %s runs a shop on %s: stop it, or choose another folder with DATA=",
			strings.TrimSpace(string(by)), r.options.Data)
	}
	if err == nil {
		err = errors.Join(f.Truncate(0), writeAt(f, fmt.Sprintln(os.Getpid())))
	}
	if err != nil {
		f.Close()
		return err
	}
	r.locked = f
	return nil
}

func writeAt(f *os.File, text string) error {
	_, err := f.WriteAt([]byte(text), 0)
	return err
}

// makeDataFile makes the engine's file with all tables in a file beside it, which it then renames. The engine makes a
// table and its indexes one after the other: a kill in between leaves a table that can never be read by an index.
func (r *Runner) makeDataFile(ctx context.Context) error {
	path := r.file(dataFile)
	if path == "" {
		return nil
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	beside := path + ".part"
	for _, left := range []string{beside, beside + "-journal"} { // of a start that was killed
		if err := os.Remove(left); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	e, err := engine.Start(ctx, engine.Options{DataFile: beside, Log: r.options.Log})
	if err != nil {
		return err
	}
	err = r.createTables(ctx, tables.Client(e.Endpoint()))
	e.Stop()
	if err != nil {
		return err
	}
	return os.Rename(beside, path)
}

func (r *Runner) createTables(ctx context.Context, client *dynamodb.Client) error {
	for _, s := range r.options.System.Tables {
		if err := tables.Create(ctx, client, s.Name, s); err != nil {
			return err
		}
	}
	return nil
}
