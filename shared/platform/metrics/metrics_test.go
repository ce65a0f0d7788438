package metrics_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"dangol/shared/platform/clock"
	"dangol/shared/platform/metrics"
)

func TestEmitWritesTheFormat(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := metrics.New(&out, clock.Stopped(time.UnixMilli(1_700_000_000_000)), map[string]string{"function": "orders"})
	if err := w.Emit(map[string]string{"currency": "KRW"},
		metrics.Metric{Name: "OrdersPlaced", Unit: metrics.Count, Value: 1}); err != nil {
		t.Fatal(err)
	}
	var line struct {
		AWS struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
		OrdersPlaced       float64
		Function, Currency string
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	m := line.AWS.CloudWatchMetrics[0]
	if line.AWS.Timestamp != 1_700_000_000_000 || m.Namespace != metrics.Namespace ||
		fmt.Sprint(m.Dimensions) != "[[currency function]]" {
		t.Errorf("header is %+v", line.AWS)
	}
	if line.OrdersPlaced != 1 || line.Currency != "KRW" || line.Function != "orders" || m.Metrics[0].Unit != "Count" {
		t.Errorf("line is %s", out.String())
	}
}

func TestEmitRefusesWhatCloudWatchWouldDrop(t *testing.T) {
	t.Parallel()
	w := metrics.New(&bytes.Buffer{}, clock.Stopped(time.Unix(0, 0)), nil)
	if err := w.Emit(nil, make([]metrics.Metric, 101)...); err == nil {
		t.Error("101 metrics were accepted")
	}
	many := map[string]string{}
	for i := range 31 {
		many[fmt.Sprint("d", i)] = "x"
	}
	if err := w.Emit(many); err == nil {
		t.Error("31 dimensions were accepted")
	}
}

func TestOneAlarmOfAStageSeesASignalFromEveryFunction(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := metrics.New(&out, clock.Stopped(time.Unix(0, 0)), map[string]string{"function": "orders", "stage": "prod"})
	if err := w.Signal("TasksStuck"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"Dimensions":[["stage"]]`, `"TasksStuck":1`, `"function":"orders"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s without %s", out.String(), want)
		}
	}
}
