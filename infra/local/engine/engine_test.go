package engine_test

import (
	"context"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/infra/local/engine"
	"dangol/infra/testkit/enginetest"
)

func client(endpoint string) *dynamodb.Client {
	return dynamodb.NewFromConfig(enginetest.Config(), func(o *dynamodb.Options) {
		o.BaseEndpoint = &endpoint
		o.Retryer = retry.AddWithMaxAttempts(retry.NewStandard(), 20)
	})
}

func createTable(t *testing.T, db *dynamodb.Client, name string) {
	t.Helper()
	_, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:            &name,
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: "HASH"}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, db *dynamodb.Client, table, pk string, more map[string]types.AttributeValue) {
	t.Helper()
	item := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: pk}}
	for k, v := range more {
		item[k] = v
	}
	if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: item}); err != nil {
		t.Fatalf("put %s: %v", pk, err)
	}
}

func names(t *testing.T, db *dynamodb.Client, table string) map[string]bool {
	t.Helper()
	out, err := db.Scan(t.Context(), &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, item := range out.Items {
		found[item["pk"].(*types.AttributeValueMemberS).Value] = true
	}
	return found
}

func run(t *testing.T, o engine.Options) *engine.Engine {
	t.Helper()
	e, err := engine.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Stop)
	return e
}

func TestEngineKilledInTheMiddleOfWritesComesBackWithTheData(t *testing.T) {
	t.Parallel()
	e := run(t, engine.Options{DataFile: filepath.Join(t.TempDir(), "data.db")})
	db := client(e.Endpoint())
	createTable(t, db, "Kept")
	for i := range 60 {
		if i%20 == 10 {
			if err := syscall.Kill(e.PID(), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
		put(t, db, "Kept", strconv.Itoa(i), nil)
	}
	if got := len(names(t, db, "Kept")); got != 60 {
		t.Errorf("%d of 60 items are there after three kills", got)
	}
	if e.Restarts() != 3 {
		t.Errorf("%d restarts, want 3", e.Restarts())
	}
}

func TestEngineStopsAndTheDataFileOpensAgain(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "data.db")
	first := run(t, engine.Options{DataFile: file})
	createTable(t, client(first.Endpoint()), "Kept")
	put(t, client(first.Endpoint()), "Kept", "a", nil)
	first.Stop()
	first.Stop()
	if first.PID() != 0 {
		t.Error("a stopped engine still has a process")
	}
	second := run(t, engine.Options{DataFile: file})
	if !names(t, client(second.Endpoint()), "Kept")["a"] {
		t.Error("the item is lost")
	}
}

func TestEngineReportsWhatItUses(t *testing.T) {
	t.Parallel()
	e := run(t, engine.Options{})
	db := client(e.Endpoint())
	createTable(t, db, "Busy")
	// The system counts processor time in ticks of 10 ms, so a few writes may not show.
	used := func() time.Duration { user, sys, _ := e.CPU(); return user + sys }
	for i := 0; used() == 0; i++ {
		if put(t, db, "Busy", strconv.Itoa(i), nil); i == 10_000 {
			t.Fatal("10,000 writes took no processor time")
		}
	}
	before := used()
	if rss, ok := e.RSS(); !ok || rss < 1<<20 {
		t.Errorf("RSS is %d bytes, known %t", rss, ok)
	}
	if err := syscall.Kill(e.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ListTables(t.Context(), &dynamodb.ListTablesInput{}); err != nil {
		t.Fatal(err)
	}
	if after := used(); after < before {
		t.Errorf("CPU went back from %s to %s over a restart", before, after)
	}
}

func TestEngineThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	port := taken.Addr().(*net.TCPAddr).Port
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	cases := []struct {
		name    string
		ctx     context.Context
		options engine.Options
		want    string
	}{
		{"a taken port", t.Context(), engine.Options{Port: port}, "already in use"},
		{"no such binary", t.Context(), engine.Options{Path: "/nowhere/dynoxide"}, "no such file"},
		{"a binary that ends at once", t.Context(), engine.Options{Path: "/bin/false"}, "ended before it answered"},
		{"a caller who gave up", ended, engine.Options{}, "context canceled"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, err := engine.Start(c.ctx, c.options)
			if err == nil {
				e.Stop()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
		})
	}
}
