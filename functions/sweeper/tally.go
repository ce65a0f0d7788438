package sweeper

import (
	"errors"
	"time"

	"dangol/shared/platform/due"
	"dangol/shared/platform/metrics"
)

// Tally is what one sweep did with one kind.
type Tally struct {
	HandedOut int   `json:"handedOut"`           // put into the queue
	GivenBack int   `json:"givenBack,omitempty"` // the queue did not take them
	GivenUp   int   `json:"givenUp,omitempty"`   // tried too often
	LagMillis int64 `json:"lagMillis"`           // how late the latest of them was
}

// note takes the lateness of one job into account.
func (t *Tally) note(j due.Job, now time.Time) {
	t.LagMillis = max(t.LagMillis, now.UnixMilli()-j.At)
}

// plus adds the tallies of two shards of a kind; the lag is that of the latest job of both.
func (t Tally) plus(u Tally) Tally {
	return Tally{
		HandedOut: t.HandedOut + u.HandedOut, GivenBack: t.GivenBack + u.GivenBack, GivenUp: t.GivenUp + u.GivenUp,
		LagMillis: max(t.LagMillis, u.LagMillis),
	}
}

// count writes the metrics of each kind that had something due. A minute without anything writes none, which would cost
// each kind four metrics for nothing; the alarm on a sweeper that does not run watches its invocations.
func (s *Sweeper) count(report map[string]Tally) error {
	var failed []error
	for kind, t := range report {
		if t == (Tally{}) {
			continue
		}
		failed = append(failed, s.metrics.Emit(map[string]string{"kind": kind},
			metrics.Metric{Name: "DueHandedOut", Unit: metrics.Count, Value: float64(t.HandedOut)},
			metrics.Metric{Name: "DueGivenBack", Unit: metrics.Count, Value: float64(t.GivenBack)},
			metrics.Metric{Name: "DueGivenUp", Unit: metrics.Count, Value: float64(t.GivenUp)},
			metrics.Metric{Name: "DueLag", Unit: metrics.Milliseconds, Value: float64(t.LagMillis)},
		))
	}
	return errors.Join(failed...)
}
