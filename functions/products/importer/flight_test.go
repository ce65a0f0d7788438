package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// sky is an API without a network, so that a test can have its own time. Every request takes a while that depends on
// the row it begins with.
type sky struct {
	took   func(row int) time.Duration
	refuse int // requests that begin with this row are answered 422

	mu        sync.Mutex
	now, most int // requests under way
	came      []int
}

// RoundTrip implements http.RoundTripper.
func (s *sky) RoundTrip(r *http.Request) (*http.Response, error) {
	row, err := strconv.Atoi(r.URL.Query().Get("firstRow"))
	if err != nil {
		return nil, err
	}
	s.change(1)
	defer s.change(-1)
	select {
	case <-time.After(s.took(row)):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}}
	if row == s.refuse {
		answer.StatusCode = http.StatusUnprocessableEntity
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.came = append(s.came, row)
	answer.Body = io.NopCloser(strings.NewReader(fmt.Sprintf(
		`{"rows":2,"created":1,"failed":1,"errors":[{"row":%d,"code":"x","message":"wrong"}]}`, row)))
	return answer, nil
}

func (s *sky) change(by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now += by
	s.most = max(s.most, s.now)
}

// fly imports n products of one row, two to a piece.
func (s *sky) fly(n, parallel int) (j *job, status int, out, errs string) {
	var stdout, stderr bytes.Buffer
	file := &counting{from: strings.NewReader(products(n, 1))}
	j = &job{
		client: &client{http: &http.Client{Transport: s}, api: "http://shop", token: "t", given: true,
			pause: func(context.Context, time.Duration) {}},
		progress: newProgress(&stdout, int64(len(products(n, 1))), file.read), errors: &stderr,
		options: options{batch: 2, parallel: parallel},
	}
	status = j.finish(j.run(context.Background(), file))
	return j, status, stdout.String(), stderr.String()
}

func TestPiecesAreUnderWayTogetherAndToldInTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sky{took: func(row int) time.Duration { return time.Duration(100-row) * time.Second }} // the later, the faster
		_, _, out, errs := s.fly(20, 3)
		var want strings.Builder
		for row := 2; row < 22; row += 2 {
			fmt.Fprintf(&want, "row %d: wrong\n", row)
		}
		if errs != want.String() {
			t.Errorf("told\n%s\nwant\n%s", errs, want.String())
		}
		if s.most != 3 {
			t.Errorf("%d requests at the same time", s.most)
		}
		if lines := strings.Split(out, "\n"); !strings.Contains(lines[9], "20 rows: 10 created") {
			t.Errorf("%q", lines)
		}
	})
}

func TestTheFirstPieceThatIsGivenUpStopsTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sky{refuse: 6, took: func(row int) time.Duration {
			if row == 8 {
				return time.Hour // it is under way when the one before is refused
			}
			return time.Duration(row) * time.Second
		}}
		j, status, _, errs := s.fly(40, 3)
		if status != 1 || !strings.Contains(errs, "stopped: rows 6 to 7: the API answered 422") {
			t.Fatalf("%d %q", status, errs)
		}
		if j.total.Rows != 2*(len(s.came)-1) || len(s.came) > 5 {
			t.Errorf("told of %d rows, %v came", j.total.Rows, s.came)
		}
	})
}

func TestProgressIsThatOfWhatHasBeenAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sky{took: func(int) time.Duration { return time.Second }}
		_, _, out, _ := s.fly(20_000, 3)
		half := 0.0
		for line := range strings.SplitSeq(out, "\n") {
			var percent float64
			var rows int
			if n, _ := fmt.Sscanf(line, "%f %% %d rows", &percent, &rows); n == 2 && rows == 10_000 {
				half = percent
			}
		}
		if half < 45 || half > 55 {
			t.Errorf("%v %% in the middle", half)
		}
	})
}
