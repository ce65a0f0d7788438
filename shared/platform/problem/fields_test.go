package problem_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/platform/problem"
)

// codes are what is wrong, as "pointer code".
func codes(err error) (all []string) {
	if err == nil {
		return nil
	}
	for _, f := range problem.From(err).Fields {
		all = append(all, f.Pointer+" "+f.Code)
	}
	return all
}

func TestTheStatusOfEachKindOfProblem(t *testing.T) {
	t.Parallel()
	for status, p := range map[int]*problem.Problem{
		400: problem.BadRequest("c", "d"), 401: problem.Unauthorized("c", "d"), 402: problem.PaymentRequired("c", "d"),
		403: problem.Forbidden("c", "d"), 404: problem.NotFound("c", "d"), 409: problem.Conflict("c", "d"),
		412: problem.Precondition("c", "d"), 422: problem.Invalid(), 429: problem.TooMany("c", "d"),
		503: problem.Unavailable("c", "d"),
	} {
		if p.Status != status || p.GetStatus() != status || p.Title != http.StatusText(status) ||
			p.Type != problem.TypeBase+p.Code || p.ContentType("") != "application/problem+json" {
			t.Errorf("%d: %+v", status, p)
		}
	}
}

// Whoever is told to come back is told when, and what lies behind it stays in the log.
func TestWhatMayBeTriedAgainSaysWhenAndHidesWhy(t *testing.T) {
	t.Parallel()
	cause := errors.New("table Commerce is throttled")
	for code, p := range map[string]*problem.Problem{"busy": problem.Busy(cause), "unavailable": problem.Outage(cause)} {
		body, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if p.Code != code || p.GetHeaders().Get("Retry-After") != "1" || strings.Contains(string(body), "Commerce") {
			t.Errorf("%s: %s, %v", code, body, p.GetHeaders())
		}
		if !errors.Is(p, cause) || !strings.Contains(p.Error(), "Commerce") {
			t.Errorf("%s: the log has %q", code, p.Error())
		}
	}
	later := problem.Busy(cause).With(problem.RetryAfter, 30)
	if got := later.GetHeaders().Get("Retry-After"); got != "30" {
		t.Errorf("told to come back in %q seconds, want 30", got)
	}
	if h := problem.Conflict("c", "d").GetHeaders(); len(h) != 0 {
		t.Errorf("a conflict has the headers %v", h)
	}
}

func TestFactsAreAddedAndReplaced(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SampledFrom([]string{"a", "b", "retryAfter"})
		p, want := problem.Conflict("c", "d"), map[string]any{}
		for _, key := range rapid.SliceOf(keys).Draw(t, "keys") {
			value := rapid.Int().Draw(t, "value")
			before := len(p.Extra)
			next := p.With(key, value)
			if len(p.Extra) != before {
				t.Fatal("the original has another fact")
			}
			p, want[key] = next, value
		}
		if len(p.Extra) != len(want) {
			t.Fatalf("%v, want %v", p.Extra, want)
		}
		for key, value := range want {
			if p.Extra[key] != value {
				t.Fatalf("%s is %v, want %v", key, p.Extra[key], value)
			}
		}
	})
}

func TestAPercentSignIsNoFormat(t *testing.T) {
	t.Parallel()
	const text = "at most 100% of %d"
	var f problem.Fields
	// By their values: a text that comes from elsewhere is not known to be a format.
	add, require, conflict, field := f.Add, f.Require, problem.Conflict, problem.InvalidField
	add("/a", "c", text)
	require(false, "/b", "c", text)
	for name, got := range map[string]string{
		"a detail": conflict("c", text).Detail, "a field": field("/a", "c", text).Fields[0].Message,
		"an added field": f[0].Message, "a required field": f[1].Message,
	} {
		if got != text {
			t.Errorf("%s is %q", name, got)
		}
	}
	if got := conflict("c", "%d of %d", 1, 2).Detail; got != "1 of 2" {
		t.Errorf("with arguments it is %q", got)
	}
}

func TestTextsAndListsAreCountedInCharactersAndEntries(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		do   func(*problem.Fields)
		want []string
	}{
		{"nothing where something is required", func(f *problem.Fields) { f.Text("", 1, 5, "/a") }, []string{"/a required"}},
		{"nothing where nothing is", func(f *problem.Fields) { f.Text("", 0, 5, "/a") }, nil},
		{"one too few", func(f *problem.Fields) { f.Text("가", 2, 5, "/a") }, []string{"/a too_short"}},
		{"as few as may be", func(f *problem.Fields) { f.Text("가나", 2, 5, "/a") }, nil},
		{"as many as may be, of three bytes each", func(f *problem.Fields) { f.Text("가나다라마", 2, 5, "/a") }, nil},
		{"one too many", func(f *problem.Fields) { f.Text("가나다라마바", 2, 5, "/a") }, []string{"/a too_long"}},
		{"a list that is too short", func(f *problem.Fields) { f.Count(0, 1, 3, "/l") }, []string{"/l too_short"}},
		{"a list that is too long", func(f *problem.Fields) { f.Count(4, 1, 3, "/l") }, []string{"/l too_long"}},
		{"a list within its bounds", func(f *problem.Fields) { f.Count(3, 1, 3, "/l") }, nil},
		{"a value of the list", func(f *problem.Fields) { f.OneOf("b", "/v", "a", "b") }, nil},
		{"another value", func(f *problem.Fields) { f.OneOf("B", "/v", "a", "b") }, []string{"/v not_allowed"}},
		{"several at once", func(f *problem.Fields) {
			f.Text("", 1, 5, "/a")
			f.OneOf("", "/v", "a")
		}, []string{"/a required", "/v not_allowed"}},
	} {
		var f problem.Fields
		test.do(&f)
		if got := codes(f.Err()); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// What was refused elsewhere is refused here, also when it names no field.
func TestWhatIsNotedIsNeverLost(t *testing.T) {
	t.Parallel()
	field := problem.InvalidField("/code", "required", "a code")
	for _, test := range []struct {
		name string
		err  error
		want []string
	}{
		{"nothing", nil, nil},
		{"a field", field, []string{"/code required"}},
		{"a wrapped field", fmt.Errorf("line 3: %w", field), []string{"/code required"}},
		{"two fields", problem.Invalid(field.Fields[0], problem.Field{Pointer: "/a", Code: "too_long"}),
			[]string{"/code required", "/a too_long"}},
		{"a problem of the whole", problem.Conflict("code_used_up", "at most 5"), []string{" code_used_up"}},
		{"an error that is no problem", errors.New("table Commerce"), []string{" internal"}},
	} {
		var f problem.Fields
		f.Note(test.err)
		if got := codes(f.Err()); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestAPartIsToldAtItsPlaceOfTheWhole(t *testing.T) {
	t.Parallel()
	part := problem.Invalid(problem.Field{Pointer: "/zone", Code: "unknown"}, problem.Field{Code: "required"})
	moved := problem.At("/hours", part)
	if got := codes(moved); !slices.Equal(got, []string{"/hours/zone unknown", "/hours required"}) {
		t.Errorf("%v", got)
	}
	// The part may be a shared value.
	if part.Fields[0].Pointer != "/zone" {
		t.Errorf("the part was changed: %v", part.Fields)
	}
	for _, err := range []error{nil, problem.Conflict("c", "d"), errors.New("x")} {
		if got := problem.At("/hours", err); got != err {
			t.Errorf("%v became %v", err, got)
		}
	}
	if problem.Code(errors.New("x")) != "" || problem.Code(nil) != "" || problem.Code(moved) != "invalid_input" {
		t.Error("the code of what is no problem is not empty")
	}
}
