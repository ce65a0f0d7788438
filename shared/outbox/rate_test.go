package outbox_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/outbox"
)

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func account(perSecond float64) outbox.Rate { return outbox.Rate{}.Account(perSecond, 50_000, 0, noon) }

func TestMailsAreSpreadAtTheRate(t *testing.T) {
	t.Parallel()
	r := account(10)
	for i := range 30 {
		var g outbox.Grant
		r, g = r.Reserve(1, false, noon)
		if want := time.Duration(i) * 100 * time.Millisecond; g.Places != 1 || (g.Wait-want).Abs() > time.Microsecond {
			t.Fatalf("mail %d waits %s, want %s", i, g.Wait, want)
		}
	}
}

func TestAFifthIsLeftToTransactionalMail(t *testing.T) {
	t.Parallel()
	r := account(10)
	marketing := 0
	for at := noon; at.Before(noon.Add(10 * time.Second)); at = at.Add(time.Millisecond) {
		for {
			next, g := r.Reserve(1, true, at)
			if g.Wait > 0 || g.Places == 0 {
				break
			}
			r = next
			marketing++
		}
		if _, g := r.Reserve(1, false, at); g.Wait > 101*time.Millisecond {
			t.Fatalf("an order mail waits %s behind marketing", g.Wait)
		}
	}
	if marketing < 79 || marketing > 81 {
		t.Errorf("%d marketing mails in 10 seconds at 10 a second, want 80", marketing)
	}
}

func TestThrottlingHalvesTheRateAndItComesBack(t *testing.T) {
	t.Parallel()
	r := account(100).Throttled(noon)
	if got := r.Effective(noon); got != 50 {
		t.Errorf("%v at once", got)
	}
	if again := r.Throttled(noon.Add(time.Millisecond)); again != r {
		t.Error("two answers of one second count twice")
	}
	if got := r.Throttled(noon.Add(2 * time.Second)).Effective(noon.Add(2 * time.Second)); got > 27 {
		t.Errorf("%v after the second throttling", got)
	}
	if got := r.Effective(noon.Add(30 * time.Second)); got != 75 {
		t.Errorf("%v after half a minute", got)
	}
	if got := r.Effective(noon.Add(time.Minute)); got != 100 {
		t.Errorf("%v after a minute", got)
	}
	for i := range 100 {
		r = r.Throttled(noon.Add(time.Duration(i) * 2 * time.Second))
	}
	if got := r.Effective(noon.Add(198 * time.Second)); got < 5 {
		t.Errorf("%v after a hundred throttlings: sending never stops", got)
	}
}

func TestMarketingStopsAtItsShareOfTheDayAndWhenPaused(t *testing.T) {
	t.Parallel()
	r := outbox.Rate{}.Account(100, 1000, 795, noon)
	r, g := r.Reserve(5, true, noon)
	if g.Places != 5 {
		t.Fatalf("%+v", g)
	}
	if _, g := r.Reserve(1, true, noon.Add(time.Minute)); g.Places != 0 || g.Why != "quota" || !g.Later.After(noon) {
		t.Errorf("over 80 percent of the quota: %+v", g)
	}
	if _, g := r.Reserve(1, false, noon.Add(time.Minute)); g.Places != 1 {
		t.Errorf("an order mail is refused: %+v", g)
	}
	r = account(100)
	r.Paused = "reputation"
	if _, g := r.Reserve(1, true, noon); g.Places != 0 {
		t.Errorf("marketing goes out while paused: %+v", g)
	}
	if _, g := r.Reserve(1, false, noon); g.Places != 1 {
		t.Errorf("an order mail is refused while marketing is paused: %+v", g)
	}
}

func TestNothingIsKnownYet(t *testing.T) {
	t.Parallel()
	var r outbox.Rate
	if !r.Stale(noon) || r.Effective(noon) != 1 {
		t.Errorf("stale %t, rate %v", r.Stale(noon), r.Effective(noon))
	}
	if account(5).Stale(noon.Add(9*time.Minute)) || !account(5).Stale(noon.Add(10*time.Minute)) {
		t.Error("an answer counts for ten minutes")
	}
}

func TestNoSecondHasMorePlacesThanTheRateAllows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		perSecond := rapid.SampledFrom([]float64{1, 3, 14, 200}).Draw(t, "rate")
		slice := rapid.IntRange(1, 10).Draw(t, "slice")
		r, at := account(perSecond), noon
		var places []time.Time
		for range rapid.IntRange(1, 200).Draw(t, "requests") {
			at = at.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "ms")) * time.Millisecond)
			if rapid.IntRange(0, 30).Draw(t, "throttled") == 0 {
				r = r.Throttled(at)
			}
			before := r
			var g outbox.Grant
			r, g = r.Reserve(slice, rapid.Bool().Draw(t, "marketing"), at)
			if g.Places == 0 && r != before {
				t.Fatal("a refusal used places up")
			}
			for i := range g.Places {
				places = append(places, at.Add(g.Wait+time.Duration(i)*g.Step))
			}
		}
		for i := range places {
			n := 0
			for _, p := range places[i:] {
				if p.Sub(places[i]) < time.Second && !p.Before(places[i]) {
					n++
				}
			}
			if float64(n) > perSecond+1 {
				t.Fatalf("%d mails in a second at %v", n, perSecond)
			}
		}
	})
}
