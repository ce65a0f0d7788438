package store

import (
	"context"
	"errors"
	"time"

	"dangol/events"
	"dangol/shared/platform/event"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Question is a question about a product with its answers: one item.
type Question struct {
	ID         string    `json:"id"`
	ProductID  string    `json:"productId"`
	CustomerID string    `json:"customerId"`
	Author     string    `json:"author"`
	Language   string    `json:"language"`
	Text       string    `json:"text"`
	Hidden     bool      `json:"hidden,omitempty"`
	Answers    []Answer  `json:"answers,omitempty"`
	At         time.Time `json:"at"`
}

// Answer is one answer, by the shop or by somebody who bought the product.
type Answer struct {
	ID     string    `json:"id"`
	By     string    `json:"by"` // shop, buyer
	UserID string    `json:"userId"`
	Author string    `json:"author,omitempty"`
	Text   string    `json:"text"`
	At     time.Time `json:"at"`
}

// MaxAnswers is how many answers a question has at most.
const MaxAnswers = 30

// QuestionPrefix begins question ids.
const QuestionPrefix = "qst"

// questionRecord is a question as stored.
type questionRecord struct {
	table.Key
	Version  int                    `dynamodbav:"version"`
	Question table.Packed[Question] `dynamodbav:"question"`
	Event    *event.Event           `dynamodbav:"event,omitempty"`
	WriteID  string                 `dynamodbav:"writeId,omitempty"`
}

// questionKey is the key of a question; ids sort by time.
func questionKey(productID, questionID string) table.Key {
	return table.Key{PK: "QUESTIONS#" + productID, SK: "QUESTION#" + questionID}
}

// AskQuestion stores a question. 1 round trip, 1 WCU per KB.
func (s Store) AskQuestion(ctx context.Context, q *Question) error {
	q.At = s.Clock.Now()
	q.ID = id.New(QuestionPrefix, q.At)
	e, err := event.New(ctx, q.At,
		events.QuestionAsked{QuestionID: q.ID, ProductID: q.ProductID, Language: q.Language, Text: q.Text})
	if err != nil {
		return err
	}
	rec := questionRecord{Key: questionKey(q.ProductID, q.ID), Version: 1, Question: table.Packed[Question]{Value: *q},
		Event: e}
	return s.Table.Put(ctx, table.Put{Item: rec, If: table.IfNew})
}

// Questions lists the questions of a product, newest first, without hidden ones. 1 round trip. Errors: table.ErrCursor.
func (s Store) Questions(ctx context.Context, productID string, limit int, after table.Cursor) (found []Question,
	next table.Cursor, err error) {
	page, err := s.Table.Query(ctx, table.Query{
		Where: "#pk = :pk", With: map[string]any{":pk": "QUESTIONS#" + productID}, Backwards: true, Limit: limit,
		After: after,
	})
	if err != nil {
		return nil, "", err
	}
	for _, item := range page.Items {
		var rec questionRecord
		if err := item.Decode(&rec); err != nil {
			return nil, "", err
		}
		if !rec.Question.Value.Hidden {
			found = append(found, rec.Question.Value)
		}
	}
	return found, page.Next, nil
}

// HasReviewed reports whether an account has a review of the product, and so has bought it: who may answer as a buyer.
// 1 round trip per 1 MB of pointers.
func (s Store) HasReviewed(ctx context.Context, customerID, productID string) (has bool, err error) {
	err = s.Table.All(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :reviews)",
		With:  map[string]any{":pk": "AUTHOR#" + customerID, ":reviews": "REVIEW#"},
	}, func(item table.Item) error {
		has = has || item.Text("productId") == productID
		return nil
	})
	return has, err
}

// ChangeQuestion applies a rule to a question. 2 round trips. Errors: 404 question_not_found, those of the rule, 503
// busy.
func (s Store) ChangeQuestion(
	ctx context.Context, productID, questionID string, rule func(*Question) (event.Body, error),
) (*Question, error) {
	missing := problem.NotFound("question_not_found", "There is no such question.")
	if !id.Is(QuestionPrefix, questionID) {
		return nil, missing
	}
	rec, err := table.Modify(ctx, func(ctx context.Context, _ table.Item) (*questionRecord, error) {
		var rec questionRecord
		err := s.Table.Get(ctx, questionKey(productID, questionID), &rec)
		if errors.Is(err, table.ErrNotFound) {
			return nil, missing
		}
		return &rec, err
	}, func(ctx context.Context, rec *questionRecord) (*questionRecord, error) {
		body, err := rule(&rec.Question.Value)
		if err != nil {
			return nil, err
		}
		now := s.Clock.Now()
		if rec.Event, err = s.newEvent(ctx, now, body); err != nil {
			return nil, err
		}
		read := rec.Version
		rec.Version, rec.WriteID = read+1, id.New("chg", now)
		// Only what was read is replaced.
		put := table.Put{Item: rec, If: "#version = :read", With: map[string]any{":read": read}}
		return rec, stale(s.Table.Put(ctx, put), rec.WriteID)
	})
	if err != nil {
		return nil, err
	}
	return &rec.Question.Value, nil
}
