package reviews

import (
	"context"
	"errors"
	"time"

	"dangol/events"
	"dangol/shared/catalog"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/event"
	"dangol/shared/platform/id"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/review"
	"dangol/shared/review/moderation"
	"dangol/shared/review/store"
)

// The paths of a product's questions.
const (
	questions   = "/products/{id}/questions"
	oneQuestion = questions + "/{questionId}"
)

// questionRoutes are the routes of questions and answers.
func (f *Reviews) questionRoutes(s *api.Service) {
	api.Handle(s, route("Questions", api.Public, "GET", questions, "listQuestions",
		"List the questions about a product with their answers, newest first"), f.listQuestions)
	ask := route("Questions", api.Customer, "POST", questions, "askQuestion", "Ask about a product", 404, 429)
	ask.Status, ask.Keyed = 201, api.KeyOptional
	api.Handle(s, ask, f.ask)
	answer := route("Questions", api.Customer, "POST", oneQuestion+"/answers", "answerQuestion",
		"Answer a question: the shop, or somebody who has reviewed the product", 404, 409, 429, 503)
	answer.Status, answer.Keyed = 201, api.KeyOptional
	api.Handle(s, answer, f.answer)
	api.Handle(s, route("Questions", api.Agent, "POST", "/admin"+oneQuestion+"/visibility", "setQuestionVisibility",
		"Hide a question from the product page, or show it again", 404, 503), f.setVisible)
}

// QuestionView is a question as everybody sees it.
type QuestionView struct {
	ID       string       `json:"id"`
	Author   string       `json:"author,omitempty"`
	Language string       `json:"language"`
	Text     string       `json:"text" doc:"Plain text."`
	At       time.Time    `json:"at"`
	Answers  []AnswerView `json:"answers"`
}

// AnswerView is an answer as everybody sees it.
type AnswerView struct {
	By     string    `json:"by" enum:"shop,buyer"`
	Author string    `json:"author,omitempty"`
	Text   string    `json:"text" doc:"Plain text."`
	At     time.Time `json:"at"`
}

// questionView is a question as everybody sees it: no account ids.
func questionView(q store.Question) QuestionView {
	v := QuestionView{ID: q.ID, Author: q.Author, Language: q.Language, Text: q.Text, At: q.At, Answers: []AnswerView{}}
	for _, a := range q.Answers {
		v.Answers = append(v.Answers, AnswerView{By: a.By, Author: a.Author, Text: a.Text, At: a.At})
	}
	return v
}

// questionsInput is a page of a product's questions.
type questionsInput struct {
	ProductID string `path:"id" maxLength:"60" example:"prod_01k9x7d3f8q7m2k"`
	api.Paging
}

// questionsOutput is a page of questions.
type questionsOutput struct {
	Body struct {
		Questions  []QuestionView `json:"questions"`
		NextCursor string         `json:"nextCursor,omitempty"`
	}
}

// listQuestions lists a product's questions, newest first. 1 round trip.
func (f *Reviews) listQuestions(ctx context.Context, in *questionsInput) (*questionsOutput, error) {
	found, next, err := f.Store.Questions(ctx, in.ProductID, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &questionsOutput{}
	out.Body.Questions, out.Body.NextCursor = make([]QuestionView, len(found)), string(next)
	for i, q := range found {
		out.Body.Questions[i] = questionView(q)
	}
	return out, nil
}

// Bounds of texts, in characters, as the tags of the requests say.
const (
	maxShortText = 2000 // a question, an answer, the shop's reply
	maxName      = 100
	maxLongText  = 4000 // what the shop writes to one customer
	maxNote      = 1000 // why a review is reported
)

// Words is a short text that customers write.
type Words struct {
	Text     string `json:"text" minLength:"1" maxLength:"2000" example:"민감한 피부에도 괜찮은가요?"`
	Name     string `json:"name,omitempty" maxLength:"100" doc:"ShownReview with all but its first letter hidden."`
	Language string `json:"language,omitempty" enum:"ko,en,ja,zh" default:"ko"`
}

// checked cleans a text and refuses one with words that the policy does not allow.
func (w Words) checked() (string, error) {
	text := review.Clean(w.Text)
	var wrong problem.Fields
	wrong.Text(text, 1, maxShortText, "/text")
	wrong.Text(w.Name, 0, maxName, "/name")
	wrong.OneOf(w.Language, "/language", "ko", "en", "ja", "zh")
	if err := wrong.Err(); err != nil {
		return "", err
	}
	if found := moderation.Check(moderation.Field{Name: "text", Text: text}); len(found) > 0 {
		return "", needsChanges(found)
	}
	return text, nil
}

// askInput is a question to ask.
type askInput struct {
	ProductID string `path:"id" maxLength:"60" example:"prod_01k9x7d3f8q7m2k"`
	Body      Words
}

// questionOutput is a question.
type questionOutput struct {
	Status int
	Replay string `header:"Idempotent-Replayed" doc:"true when the request had been made before."`
	Body   QuestionView
}

// questioned answers with what the idempotency guard returned.
func questioned(q QuestionView, replayed bool, err error) (*questionOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &questionOutput{Status: 201, Body: q}
	if replayed {
		out.Replay = "true"
	}
	return out, nil
}

// ask stores a question. The text is checked before the limit, so that a refused text costs no
// attempt.
func (f *Reviews) ask(ctx context.Context, in *askInput) (*questionOutput, error) {
	who := auth.From(ctx).Subject
	text, err := in.Body.checked()
	if err != nil {
		return nil, err
	}
	if err := f.limit(ctx, "question", who, writesPerHour); err != nil {
		return nil, err
	}
	// The product is read inside the guard: a repetition is answered although the product is gone.
	return questioned(idempotency.Guard(ctx, f.Store.Table, api.Idempotency(ctx), func() (QuestionView, error) {
		if _, err := f.product(ctx, in.ProductID); err != nil {
			return QuestionView{}, err
		}
		q := &store.Question{
			ProductID: in.ProductID, CustomerID: who, Author: review.AuthorName(in.Body.Name), Language: in.Body.Language,
			Text: text,
		}
		err := f.Store.AskQuestion(ctx, q)
		return questionView(*q), err
	}))
}

// answerInput is an answer to give.
type answerInput struct {
	ProductID  string `path:"id" maxLength:"60" example:"prod_01k9x7d3f8q7m2k"`
	QuestionID string `path:"questionId" maxLength:"60" example:"qst_01m80674exnpsz0bg9nw68d4b7"`
	Body       Words
}

// answer stores an answer of the shop or of a buyer.
func (f *Reviews) answer(ctx context.Context, in *answerInput) (*questionOutput, error) {
	who := auth.From(ctx)
	text, err := in.Body.checked()
	if err != nil {
		return nil, err
	}
	if err := f.limit(ctx, "answer", who.Subject, writesPerHour); err != nil {
		return nil, err
	}
	by := "shop"
	if !who.Operator() {
		by = "buyer"
		// Having reviewed it is the proof of having bought it, and it is one read.
		bought, err := f.Store.HasReviewed(ctx, who.Subject, in.ProductID)
		if err != nil {
			return nil, err
		}
		if !bought {
			return nil, problem.Conflict("not_a_buyer",
				"Questions are answered by the shop and by those who have reviewed the product.")
		}
	}
	return questioned(idempotency.Guard(ctx, f.Store.Table, api.Idempotency(ctx), func() (QuestionView, error) {
		q, err := f.Store.ChangeQuestion(ctx, in.ProductID, in.QuestionID, func(q *store.Question) (event.Body, error) {
			// Hidden while the answer was written.
			if q.Hidden {
				return nil, problem.NotFound("question_not_found", "There is no such question.")
			}
			if len(q.Answers) >= store.MaxAnswers {
				return nil, problem.Conflict("question_full", "A question has at most %d answers.", store.MaxAnswers)
			}
			now := f.Clock.Now()
			q.Answers = append(q.Answers, store.Answer{
				ID: id.New("ans", now), By: by, UserID: who.Subject, Author: review.AuthorName(in.Body.Name), Text: text, At: now,
			})
			return events.QuestionAnswered{
				QuestionID: q.ID, ProductID: q.ProductID, CustomerID: q.CustomerID, Language: q.Language, By: by, Text: text,
			}, nil
		})
		if err != nil {
			return QuestionView{}, err
		}
		return questionView(*q), nil
	}))
}

// visibleInput says whether a question is shown.
type visibleInput struct {
	ProductID  string `path:"id" maxLength:"60" example:"prod_01k9x7d3f8q7m2k"`
	QuestionID string `path:"questionId" maxLength:"60" example:"qst_01m80674exnpsz0bg9nw68d4b7"`
	Body       struct {
		Visible bool `json:"visible"`
	}
}

// setVisible shows or hides a question. Its answers stay, and no event is published.
func (f *Reviews) setVisible(ctx context.Context, in *visibleInput) (*questionOutput, error) {
	q, err := f.Store.ChangeQuestion(ctx, in.ProductID, in.QuestionID, func(q *store.Question) (event.Body, error) {
		q.Hidden = !in.Body.Visible
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	return &questionOutput{Status: 200, Body: questionView(*q)}, nil
}

// product reads a product that the shop shows. Errors: 404 product_not_found.
func (f *Reviews) product(ctx context.Context, productID string) (*catalog.Product, error) {
	p, err := catalog.Peek(ctx, f.Commerce, productID)
	// A draft is not told apart from a product that does not exist.
	if errors.Is(err, table.ErrNotFound) || err == nil && p.Status != catalog.Active {
		return nil, problem.NotFound("product_not_found", "There is no such product.")
	}
	return p, err
}
