package promotions_test

import (
	"slices"
	"testing"
	"time"

	"dangol/shared/promotion"
)

// TestPausesStayInTheHistoryOfAPromotion reads what is kept of pauses: prices before a pause are prices of the past,
// also after the promotion was changed, resumed or ended.
func TestPausesStayInTheHistoryOfAPromotion(t *testing.T) {
	t.Parallel()
	type pauses = [][2]time.Duration // since the test begins; 0 for a pause that goes on
	for name, tc := range map[string]struct {
		steps []string // a duration moves the clock, anything else is a request
		want  pauses
	}{
		"paused":       {[]string{"98h", "pause"}, pauses{{98 * time.Hour, 0}}},
		"paused twice": {[]string{"98h", "pause", "1h", "pause"}, pauses{{98 * time.Hour, 0}}},
		"resumed": {[]string{"98h", "pause", "1h", "resume"},
			pauses{{98 * time.Hour, 99 * time.Hour}}},
		"resumed without a pause": {[]string{"98h", "resume"}, nil},
		"paused before its start": {[]string{"90h", "pause", "9h", "resume"},
			pauses{{90 * time.Hour, 99 * time.Hour}}},
		"ended while it is paused": {[]string{"98h", "pause", "1h", "end"},
			pauses{{98 * time.Hour, 99 * time.Hour}}},
		"ended after a pause": {[]string{"98h", "pause", "1h", "resume", "1h", "end"},
			pauses{{98 * time.Hour, 99 * time.Hour}}},
		"a draft again":                     {[]string{"90h", "pause", "1h", "end"}, nil},
		"its name was changed in the pause": {[]string{"98h", "pause", "rename"}, pauses{{98 * time.Hour, 0}}},
		"paused again": {[]string{"98h", "pause", "1h", "resume", "1h", "pause"},
			pauses{{98 * time.Hour, 99 * time.Hour}, {100 * time.Hour, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			product, _ := b.sell(12_000)
			sale := body(product, map[string]any{"kind": "sale_price"})
			p := b.publish(sale) // Friday 10:00 to 24:00; it is Monday 9:00
			began := b.clock.Now()
			for _, step := range tc.steps {
				if d, err := time.ParseDuration(step); err == nil {
					b.clock.Advance(d)
					continue
				}
				if step != "rename" {
					b.merchant.Do("POST", "/promotions/"+p.ID+"/"+step, nil).Want(200)
					continue
				}
				sale["name"] = map[string]string{"ko": "다른 이름"}
				b.merchant.With("If-Match", "*").Do("PUT", "/promotions/"+p.ID, sale).Want(200)
			}
			var want []promotion.Pause
			for _, pause := range tc.want {
				one := promotion.Pause{From: began.Add(pause[0])}
				if pause[1] > 0 {
					one.Until = began.Add(pause[1])
				}
				want = append(want, one)
			}
			got := b.record(p.ID).Promotion.Pauses
			if !slices.EqualFunc(got, want, func(x, y promotion.Pause) bool {
				return x.From.Equal(y.From) && x.Until.Equal(y.Until)
			}) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}
