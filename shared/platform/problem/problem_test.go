package problem_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"dangol/shared/platform/problem"
)

func TestFromKeepsProblemsAndHidesEverythingElse(t *testing.T) {
	t.Parallel()
	wrapped := fmt.Errorf("add line: %w", problem.Conflict("cart_closed", "ordered already"))
	if got := problem.From(wrapped); got.Code != "cart_closed" || got.Status != 409 {
		t.Errorf("a wrapped problem became %v", got)
	}
	hidden := problem.From(errors.New("dial tcp 10.0.0.1: table Commerce"))
	body, err := json.Marshal(hidden)
	if err != nil {
		t.Fatal(err)
	}
	if hidden.Status != 500 || strings.Contains(string(body), "Commerce") {
		t.Errorf("an inner error leaks: %s", body)
	}
}

func TestProblemIsNotChangedByAddingToIt(t *testing.T) {
	t.Parallel()
	base := problem.Conflict("sold_out", "gone")
	withFact := base.With("available", 0).With("variant", "SOAP").Because(errors.New("condition"))
	if base.Extra != nil || base.Cause != nil {
		t.Errorf("the original changed: %+v", base)
	}
	if len(withFact.Extra) != 2 || withFact.Cause == nil {
		t.Errorf("facts or cause lost: %+v", withFact)
	}
}

func TestInvalidFieldNamesTheField(t *testing.T) {
	t.Parallel()
	p := problem.InvalidField("/lines/0/quantity", "too_large", "at most %d", 100)
	if p.Status != 422 || p.Fields[0].Pointer != "/lines/0/quantity" || p.Fields[0].Message != "at most 100" {
		t.Errorf("got %+v", p)
	}
}

func TestFieldsTellAllThatIsWrongAtOnce(t *testing.T) {
	t.Parallel()
	var f problem.Fields
	f.Require(true, "/name", "required", "a name")
	f.Between(3, 1, 5, "/size")
	if err := f.Err(); err != nil {
		t.Fatalf("nothing is wrong, and yet %v", err)
	}
	f.Require(false, "/name", "required", "a name of at least %d letters", 2)
	f.Between(0, 1, 5, "/size")
	f.Between(9, 1, 5, "/depth")
	got := problem.From(f.Err())
	want := []problem.Field{
		{Pointer: "/name", Code: "required", Message: "a name of at least 2 letters"},
		{Pointer: "/size", Code: "too_small", Message: "at least 1"},
		{Pointer: "/depth", Code: "too_large", Message: "at most 5"},
	}
	if got.Code != "invalid_input" || !slices.Equal(got.Fields, want) {
		t.Errorf("%s %v, want %v", got.Code, got.Fields, want)
	}
}

func TestWhatIsUnavailableSaysWhenToTryAgain(t *testing.T) {
	t.Parallel()
	shared := problem.Unavailable("payment_unavailable", "The provider does not answer.").With("orderId", "ord_1")
	if again := shared.GetHeaders().Get("Retry-After"); again != "2" || shared.Extra["orderId"] != "ord_1" {
		t.Errorf("Retry-After %q with %v", again, shared.Extra)
	}
	own := problem.Unavailable("identity_unavailable", "No keys.").With(problem.RetryAfter, 7)
	if again := own.GetHeaders().Get("Retry-After"); again != "7" {
		t.Errorf("Retry-After %q of one that says its own", again)
	}
}
