// Package metrics writes metrics in CloudWatch's embedded metric format: a log line that CloudWatch turns into metrics,
// so a function needs no client and no extra call.
//
// Source of the format and its limits (100 metrics a line, 30 dimensions a metric): Amazon CloudWatch, "Embedded metric
// format specification".
package metrics

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"dangol/shared/platform/clock"
)

// Namespace groups all metrics of the system.
const Namespace = "Dangol"

// Unit is a CloudWatch unit.
type Unit string

// Units in use.
const (
	Count        Unit = "Count"
	Milliseconds Unit = "Milliseconds"
	None         Unit = "None" // money in minor units
)

// The limits of the format.
const (
	maxMetrics    = 100
	maxDimensions = 30
)

// Metric is one value.
type Metric struct {
	Name  string
	Unit  Unit
	Value float64
}

// Writer writes metrics. It is safe for concurrent use.
type Writer struct {
	mu    sync.Mutex // one line at a time
	out   io.Writer
	clock clock.Clock
	base  map[string]string // dimensions of every metric
}

// New returns a Writer whose metrics all carry the dimensions in base.
func New(out io.Writer, c clock.Clock, base map[string]string) *Writer {
	return &Writer{out: out, clock: c, base: base}
}

// Emit writes the metrics under the dimensions, which are joined with the base ones. It fails when a limit of the
// format is passed, because CloudWatch would drop the line without a word.
func (w *Writer) Emit(dimensions map[string]string, metrics ...Metric) error {
	// A copy: the base is shared by all lines.
	all := maps.Clone(w.base)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, dimensions)
	if len(metrics) > maxMetrics || len(all) > maxDimensions {
		return fmt.Errorf("emf: %d metrics (at most %d), %d dimensions (at most %d)", len(metrics), maxMetrics, len(all),
			maxDimensions)
	}
	// Sorted, so that the same metrics make the same line.
	return w.write(slices.Sorted(maps.Keys(all)), all, metrics)
}

// Signal counts one occurrence of something that a person has to look after. Its only dimension is the stage, so that
// one alarm watches all functions of a stage; the other base dimensions stay on the line as properties.
func (w *Writer) Signal(name string) error {
	dimensions := []string{}
	if w.base["stage"] != "" {
		dimensions = append(dimensions, "stage")
	}
	return w.write(dimensions, w.base, []Metric{{Name: name, Unit: Count, Value: 1}})
}

// write writes one line with the values of the dimensions; those not named among dimensions are properties.
func (w *Writer) write(dimensions []string, values map[string]string, metrics []Metric) error {
	line := map[string]any{}
	defs := make([]map[string]string, len(metrics))
	for i, m := range metrics {
		defs[i] = map[string]string{"Name": m.Name, "Unit": string(m.Unit)}
		line[m.Name] = m.Value
	}
	for k, v := range values {
		line[k] = v
	}
	line["_aws"] = map[string]any{
		"Timestamp": w.clock.Now().UnixMilli(),
		"CloudWatchMetrics": []map[string]any{{
			"Namespace": Namespace, "Dimensions": [][]string{dimensions}, "Metrics": defs,
		}},
	}
	raw, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("emf: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	// One write for each line, so that lines of several goroutines do not mix.
	_, err = w.out.Write(append(raw, '\n'))
	return err
}
