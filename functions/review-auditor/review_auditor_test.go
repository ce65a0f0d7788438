package reviewauditor_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	reviewauditor "dangol/functions/review-auditor"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
	"dangol/shared/review"
	"dangol/shared/review/store"
)

var noon = time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)

func TestTheAuditCountsEveryProductAndNamesTheOneThatHasDrifted(t *testing.T) {
	t.Parallel()
	at := clock.Stopped(noon)
	s := store.Store{Table: localtest.Table(t, table.Care), Clock: at}
	for n, product := range []string{"prod_a", "prod_a", "prod_b"} {
		r := &review.Review{
			ID: s.NewID(), ProductID: product, OrderID: "ord_1", LineID: string(rune('a' + n)), AuthorID: "cust_1",
			State:   review.Published,
			Content: review.Content{Stars: 4, Text: "좋아요", Language: "ko"}, Written: noon, Delivered: noon,
		}
		sc, err := s.Screen(t.Context(), r, nil, store.AccountLinks{})
		if err == nil {
			err = s.Create(t.Context(), r, sc, false, store.Effect{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var out, log bytes.Buffer
	a := reviewauditor.Auditor{
		Store: s, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Metrics: metrics.New(&out, at, map[string]string{"function": "review-auditor"}),
	}
	got, err := a.Handle(t.Context(), struct{}{})
	if err != nil || got.Products != 2 || got.Reviews != 3 || len(got.Drift) != 0 || log.Len() > 0 {
		t.Fatalf("audit %+v, %v, log %s", got, err, &log)
	}
	_, err = s.Table.Update(t.Context(), table.Update{ // what only a mistake in the software can do
		Key: table.Key{PK: "REVIEWS#prod_b", SK: "SUMMARY"}, Do: "ADD #five :one", Names: map[string]string{"#five": "c.n5"},
		With: map[string]any{":one": 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err = a.Handle(t.Context(), struct{}{})
	if err != nil || len(got.Drift) != 1 || got.Drift[0].ProductID != "prod_b" ||
		!strings.Contains(log.String(), "prod_b") {
		t.Errorf("audit %+v, %v, log %s", got, err, &log)
	}
	if !strings.Contains(out.String(), `"SummaryDrift":1`) {
		t.Errorf("metrics %s", &out)
	}
}

func TestTheSampleIsWhatTheScheduleSends(t *testing.T) {
	t.Parallel()
	payload, err := os.ReadFile("../../events/samples/review-auditor/schedule.json")
	if err != nil || json.Unmarshal(payload, &struct{}{}) != nil {
		t.Errorf("sample %s, %v", payload, err)
	}
}
