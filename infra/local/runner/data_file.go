package runner

import (
	"context"
	"errors"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/infra/local/engine"
	"dangol/infra/local/tables"
)

// dataFile is the name of the engine's file.
const dataFile = "dynamodb.db"

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
