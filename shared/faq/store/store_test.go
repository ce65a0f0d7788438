package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/faq"
	"dangol/shared/faq/example"
	"dangol/shared/faq/store"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

func newStore(t *testing.T) (*store.Store, *clock.Movable) {
	t.Helper()
	c := clock.Stopped(time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC))
	return &store.Store{Table: localtest.Table(t, table.Care), Clock: c}, c
}

func code(err error) string {
	if p, ok := errors.AsType[*problem.Problem](err); ok {
		return p.Code
	}
	return ""
}

func TestWhatIsPublishedIsSearched(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	if index, err := s.Index(t.Context()); err != nil || len(index.Search("배송비", "ko", 3)) > 0 {
		t.Fatalf("before anything was published: %v", err)
	}
	if err := s.Import(t.Context(), example.Entries()); err != nil {
		t.Fatal(err)
	}
	v, err := s.Publish(t.Context(), "merchant-1")
	if err != nil || v.Version != 1 || v.Entries != 60 {
		t.Fatalf("%+v, %v", v, err)
	}
	c.Advance(5 * time.Second)
	index, err := s.Index(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if hits := index.Search("배송비는 얼마인가요?", "ko", 1); len(hits) != 1 || hits[0].ID != "shipping-cost" {
		t.Errorf("%v", hits)
	}
	if all := index.Entries("ko", ""); all[0].ID != "shipping-cost" || all[59].ID != "business-order" {
		t.Errorf("the order is lost: %s … %s", all[0].ID, all[59].ID)
	}
}

func TestAnIndexOfManyPartsComesBackWhole(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	var many []faq.FAQEntry
	for n := range 10 {
		for _, e := range example.Entries() {
			e.ID = fmt.Sprintf("%s-%d", e.ID, n)
			many = append(many, e)
		}
	}
	if err := s.Import(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	v, err := s.Publish(t.Context(), "")
	if err != nil || v.Parts < 2 {
		t.Fatalf("%+v, %v", v, err)
	}
	c.Advance(time.Minute)
	if index, err := s.Index(t.Context()); err != nil || len(index.Entries("en", "")) != 600 {
		t.Fatalf("%v", err)
	}
}

func TestAnEditThatIsNotPublishedIsNotSeen(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	entry := faq.FAQEntry{ID: "parking", Category: "contact",
		Texts: map[string]faq.FAQText{"ko": {Question: "주차장이 있나요", Answer: "없습니다"}}}
	edited, err := s.Put(t.Context(), entry, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), entry, 0, 0); code(err) != "version_mismatch" {
		t.Errorf("made twice: %v", err)
	}
	if _, err := s.Put(t.Context(), entry, edited.Version+1, 0); code(err) != "version_mismatch" {
		t.Errorf("another version: %v", err)
	}
	c.Advance(time.Minute)
	if index, _ := s.Index(t.Context()); len(index.Entries("ko", "")) != 0 {
		t.Error("seen before it was published")
	}
	if _, err := s.Publish(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Minute)
	if index, _ := s.Index(t.Context()); len(index.Entries("ko", "")) != 1 {
		t.Error("not seen after it was published")
	}
}

func TestOfTwoWhoPublishAtOnceNoneLosesTheFAQ(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	if err := s.Import(t.Context(), example.Entries()); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := s.Publish(t.Context(), ""); err != nil && code(err) != "faq_publishing" {
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	c.Advance(time.Minute)
	if index, err := s.Index(t.Context()); err != nil || len(index.Entries("ko", "")) != 60 {
		t.Errorf("%v", err)
	}
}

func TestUseAndUnansweredQuestionsAreReported(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	for _, helped := range []int{0, 0, 1, -1} {
		if err := s.Count(t.Context(), "shipping-cost", helped); err != nil {
			t.Fatal(err)
		}
	}
	uses, err := s.Uses(t.Context())
	if err != nil || len(uses) != 1 || uses[0] != (store.Use{Entry: "shipping-cost", Views: 2, Helped: 1, NotHelped: 1}) {
		t.Errorf("%+v, %v", uses, err)
	}
	if err := s.Unanswered(t.Context(), "카드 4242424242424242 주차 되나요", "ko"); err != nil {
		t.Fatal(err)
	}
	misses, err := s.Misses(t.Context(), c.Now())
	if err != nil || len(misses) != 1 || misses[0].Question != "카드 ************4242 주차 되나요" {
		t.Errorf("%+v, %v", misses, err)
	}
}
