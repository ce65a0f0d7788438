package localtest_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
)

type inner struct {
	At   time.Time
	List []string
	Map  map[string]*int
}

type outer struct {
	inner
	Text string `dynamodbav:"text"`
	Also string `dynamodbav:"-"`
	Part *inner `dynamodbav:"part"`
	Flag bool   `dynamodbav:"flag"`
}

func TestFilledLeavesNothingEmpty(t *testing.T) {
	t.Parallel()
	got := localtest.Filled[outer](t)
	if got.Text == "" || got.Also == "" || got.Text == got.Also || !got.Flag {
		t.Errorf("fields %+v", got)
	}
	for _, in := range []inner{got.inner, *got.Part} {
		if in.At.IsZero() || len(in.List) != 2 || in.List[0] == in.List[1] || len(in.Map) != 1 {
			t.Errorf("part %+v", in)
		}
	}
	if !reflect.DeepEqual(got, localtest.Filled[outer](t)) {
		t.Error("it is another one each time")
	}
}

// errors keeps what a test would have reported.
type errors struct {
	testing.TB
	count int
	said  []any
}

func (e *errors) Helper() {}

func (e *errors) Errorf(_ string, args ...any) { e.count, e.said = e.count+1, append(e.said, args...) }

func TestComesBackNamesWhatIsLost(t *testing.T) {
	t.Parallel()
	seen := &errors{TB: t}
	localtest.ComesBack[outer](seen)
	if seen.count != 1 || !slices.Contains(seen.said, any("localtest_test.outer.Also")) {
		t.Errorf("reported %v", seen.said)
	}
}
