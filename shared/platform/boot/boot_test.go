package boot_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dangol/infra/testkit/enginetest"
	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
)

func env(vars map[string]string) *boot.Env {
	return &boot.Env{Function: "test", Getenv: func(n string) string { return vars[n] },
		Clock: clock.Stopped(time.Unix(0, 0))}
}

type config struct {
	Text     string        `env:"TEXT"`
	Number   int           `env:"NUMBER,default=7"`
	Flag     bool          `env:"FLAG,optional"`
	Wait     time.Duration `env:"WAIT,default=1m30s"`
	List     []string      `env:"LIST,default=a,b"`
	Optional string        `env:"OPTIONAL,optional"`
	Untagged string
}

func TestConfigReadsWhatTheTagsName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		vars map[string]string
		want config
	}{
		{"defaults", map[string]string{"TEXT": "x"},
			config{Text: "x", Number: 7, Wait: 90 * time.Second, List: []string{"a", "b"}}},
		{"everything set", map[string]string{"TEXT": "단골, x=y", "NUMBER": "-1", "FLAG": "true", "WAIT": "2s", "LIST": "c, d",
			"OPTIONAL": "o", "Untagged": "u"},
			config{Text: "단골, x=y", Number: -1, Flag: true, Wait: 2 * time.Second, List: []string{"c", "d"}, Optional: "o"}},
	} {
		var got config
		if err := env(c.vars).Config(&got); err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %+v, %v; want %+v", c.name, got, err, c.want)
		}
	}
}

func TestConfigNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for variable, value := range map[string]string{"TEXT": "", "NUMBER": "seven", "FLAG": "perhaps", "WAIT": "90"} {
		vars := map[string]string{"TEXT": "x"}
		vars[variable] = value
		if err := env(vars).Config(&config{}); err == nil || !strings.Contains(err.Error(), variable) {
			t.Errorf("%s=%q: %v", variable, value, err)
		}
	}
	var odd struct {
		F float64 `env:"F"`
	}
	if err := env(map[string]string{"F": "1"}).Config(&odd); err == nil || !strings.Contains(err.Error(), "float64") {
		t.Errorf("a type that cannot be configured: %v", err)
	}
}

func TestEndpointAndRegion(t *testing.T) {
	t.Parallel()
	e := env(map[string]string{"SQS_ENDPOINT": "http://localhost:1", "AWS_ACCESS_KEY_ID": "k", "AWS_SESSION_TOKEN": "t"})
	if got := e.Endpoint("SQS"); got == nil || *got != "http://localhost:1" || e.Endpoint("SES") != nil {
		t.Errorf("SQS %v, SES %v", got, e.Endpoint("SES"))
	}
	if got := e.AWS().Region; got != "ap-northeast-2" {
		t.Errorf("region %s", got)
	}
	if got := env(map[string]string{"AWS_REGION": "eu-west-1"}).AWS().Region; got != "eu-west-1" {
		t.Errorf("region %s", got)
	}
	if c, err := e.AWS().Credentials.Retrieve(t.Context()); err != nil || c.AccessKeyID != "k" || c.SessionToken != "t" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestMetricsNameTheFunction(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	e := env(nil)
	if err := e.Metrics().Emit(nil, metrics.Metric{Name: "Nowhere", Unit: metrics.Count}); err != nil {
		t.Error(err)
	}
	e.Out = &out
	if err := e.Metrics().Emit(nil, metrics.Metric{Name: "OrdersPlaced", Unit: metrics.Count, Value: 1}); err != nil ||
		!strings.Contains(out.String(), `"function":"test"`) {
		t.Errorf("%s, %v", out.String(), err)
	}
}

func TestTablesAreThoseOfTheVariables(t *testing.T) {
	t.Parallel()
	name := localtest.Name(t, table.Commerce)
	var calls atomic.Int32
	in := fault.New(fault.Plan{})
	e := env(map[string]string{
		"COMMERCE_TABLE": name, "DYNAMODB_ENDPOINT": enginetest.Endpoint(t), "AWS_ACCESS_KEY_ID": "k",
		"AWS_SECRET_ACCESS_KEY": "s",
	})
	e.HTTP = &http.Client{Transport: &http.Transport{}}
	e.Observe = func(table.Op) { calls.Add(1) }
	e.WrapDB = in.DB
	tables, err := e.Tables(t.Context(), "COMMERCE_TABLE")
	if err != nil || len(tables) != 1 || tables[0].Name() != name {
		t.Fatalf("%v, %v", tables, err)
	}
	item := struct{ table.Key }{table.Key{PK: "A", SK: "B"}}
	if err := tables[0].Put(t.Context(), table.Put{Item: item, If: table.IfNew}); err != nil || calls.Load() != 1 ||
		len(in.Calls()) != 1 {
		t.Errorf("%v, %d observed, %d calls", err, calls.Load(), len(in.Calls()))
	}
	if _, err := e.Tables(t.Context(), "COMMERCE_TABLE", "CARE_TABLE"); err == nil ||
		!strings.Contains(err.Error(), "CARE_TABLE") {
		t.Errorf("a table that is not configured: %v", err)
	}
}

// TestStartPrimesTheConnectionAndWaitsForNobody has a database that does not answer before the start is over, and then
// refuses.
func TestStartPrimesTheConnectionAndWaitsForNobody(t *testing.T) {
	t.Parallel()
	asked, started := make(chan struct{}, 2), make(chan struct{})
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-started
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer refusing.Close()
	vars := map[string]string{"COMMERCE_TABLE": "x", "DYNAMODB_ENDPOINT": refusing.URL, "AWS_ACCESS_KEY_ID": "k",
		"AWS_SECRET_ACCESS_KEY": "s"}
	e := env(vars)
	e.HTTP = refusing.Client()
	if _, err := e.Tables(t.Context(), "COMMERCE_TABLE"); err != nil || len(asked) != 0 {
		t.Errorf("outside Lambda: %v, asked %d times", err, len(asked))
	}
	vars["AWS_LAMBDA_RUNTIME_API"] = "127.0.0.1:9001"
	if _, err := e.Tables(t.Context(), "COMMERCE_TABLE"); err != nil {
		t.Errorf("in Lambda: %v", err)
	}
	close(started)
	<-asked // or the test never ends
}
