// Package localtest gives tests real tables on a real engine: one engine a test process, fresh tables a test.
package localtest

import (
	"testing"

	"dangol/infra/local/tables"
	"dangol/infra/testkit/enginetest"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
)

// DB returns a client for the process's engine.
func DB(t testing.TB) table.DB { return tables.Client(enginetest.Endpoint(t)) }

// Name creates an empty table of the schema and returns its name. It has no stream: few tests read one, and in memory
// the engine walks through all of it with every write.
func Name(t testing.TB, s table.Schema) string {
	t.Helper()
	s.Stream = false
	return create(t, s)
}

// Streamed returns an empty table of the schema with the stream that the schema says.
func Streamed(t testing.TB, s table.Schema) *table.Table {
	t.Helper()
	return table.New(DB(t), create(t, s), nil)
}

func create(t testing.TB, s table.Schema) string {
	t.Helper()
	name := s.Name + "-" + id.New("t", clock.System{}.Now())
	if err := tables.Create(t.Context(), tables.Client(enginetest.Endpoint(t)), name, s); err != nil {
		t.Fatal(err)
	}
	return name
}

// Table returns an empty table of the schema. wrap, when given, stands between the table and the engine.
func Table(t testing.TB, s table.Schema, wrap ...func(table.DB) table.DB) *table.Table {
	t.Helper()
	db := DB(t)
	for _, w := range wrap {
		db = w(db)
	}
	return table.New(db, Name(t, s), nil)
}
