package clock_test

import (
	"testing"
	"time"

	"dangol/shared/platform/clock"
)

var noon = time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)

func TestStoppedClockStandsUntilMoved(t *testing.T) {
	t.Parallel()
	c := clock.Stopped(noon)
	if !c.Now().Equal(noon) || !c.Now().Equal(noon) {
		t.Fatalf("a stopped clock moved: %s", c.Now())
	}
	if got := c.Advance(36 * time.Hour); !got.Equal(noon.Add(36 * time.Hour)) {
		t.Errorf("after 36 h it shows %s", got)
	}
}

func TestClockNeverGoesBack(t *testing.T) {
	t.Parallel()
	c := clock.Stopped(noon)
	if c.MoveTo(noon.Add(-time.Second)) {
		t.Error("moved into the past")
	}
	c.Advance(-time.Hour)
	if !c.Now().Equal(noon) {
		t.Errorf("shows %s, want %s", c.Now(), noon)
	}
	if !c.MoveTo(noon.Add(time.Hour)) || !c.Now().Equal(noon.Add(time.Hour)) {
		t.Errorf("did not move forward: %s", c.Now())
	}
}

func TestRunningClockFollowsItsBase(t *testing.T) {
	t.Parallel()
	base := clock.Stopped(noon)
	c := clock.Running(noon.AddDate(1, 0, 0), base)
	base.Advance(time.Minute)
	if want := noon.AddDate(1, 0, 0).Add(time.Minute); !c.Now().Equal(want) {
		t.Errorf("shows %s, want %s", c.Now(), want)
	}
	c.Advance(time.Hour)
	base.Advance(time.Minute)
	if want := noon.AddDate(1, 0, 0).Add(time.Hour + 2*time.Minute); !c.Now().Equal(want) {
		t.Errorf("after a move it shows %s, want %s", c.Now(), want)
	}
}
