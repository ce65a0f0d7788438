package reviews_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/functions/reviews"
	"dangol/infra/testkit/apitest"
	"dangol/shared/review"
	"dangol/shared/review/store"
)

const questionsPath = "/products/" + soap + "/questions"

func (s *shop) questions(query string) (out struct {
	Questions  []reviews.QuestionView
	NextCursor string
}) {
	s.t.Helper()
	apitest.New(s.t, s.handler).Do("GET", questionsPath+query, nil).Want(200).Into(&out)
	return out
}

func TestAQuestionIsAskedOncePerKey(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.product(t)
	keyed := s.as(apitest.Ann).With("Idempotency-Key", "a-question-of-sixteen")
	var first, again reviews.QuestionView
	body := map[string]any{"text": "민감한 피부에도 괜찮은가요?", "name": "김하늘"}
	keyed.Do("POST", questionsPath, body).Want(201).Into(&first)
	r := keyed.Do("POST", questionsPath, body).Want(201).Into(&again)
	if again.ID != first.ID || r.Headers.Get("Idempotent-Replayed") != "true" || first.Author != "김**" {
		t.Errorf("%+v, then %+v", first, again)
	}
	body["text"] = "향이 강한가요?"
	keyed.Do("POST", questionsPath, body).WantProblem(422, "idempotency_key_reused")
	if got := s.questions(""); len(got.Questions) != 1 {
		t.Errorf("%d questions are shown", len(got.Questions))
	}
}

func TestQuestionsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.product(t)
	ann := s.as(apitest.Ann)
	for _, tt := range []struct {
		name, path string
		body       map[string]any
		status     int
		code       string
	}{
		{"nothing", questionsPath, map[string]any{"text": ""}, 422, "invalid_input"},
		{"nothing that can be seen", questionsPath, map[string]any{"text": "\u200b\u3164"}, 422, "invalid_input"},
		{"2,001 characters", questionsPath, map[string]any{"text": strings.Repeat("가", 2_001)}, 422, "invalid_input"},
		{"a language that is none", questionsPath, map[string]any{"text": "괜찮나요?", "language": "xx"}, 422, "invalid_input"},
		{"a phone number", questionsPath, map[string]any{"text": "전화 주세요 010-1234-5678"}, 422, "review_needs_changes"},
		{"a product that is none", "/products/prod_none/questions", map[string]any{"text": "괜찮나요?"}, 404,
			"product_not_found"},
	} {
		ann.Do("POST", tt.path, tt.body).WantProblem(tt.status, tt.code)
	}
	apitest.New(t, s.handler).Do("POST", questionsPath, map[string]any{"text": "괜찮나요?"}).
		WantProblem(401, "token_required")
	if got := s.questions(""); len(got.Questions) != 0 {
		t.Errorf("%d questions were stored", len(got.Questions))
	}
}

func TestAnAccountAsksTwentyQuestionsAnHour(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.product(t)
	ask := func(who string, n int) *apitest.Response {
		return s.as(customer(who)).Do("POST", questionsPath, map[string]any{"text": fmt.Sprintf("%d번 질문이에요", n)})
	}
	for n := range 20 {
		ask("cust-ann", n).Want(201)
	}
	ask("cust-ann", 20).WantProblem(429, "too_many_attempts")
	ask("cust-bob", 20).Want(201)
	s.clock.Advance(time.Hour)
	ask("cust-ann", 21).Want(201)
}

func TestEachQuestionIsOnOnePageTheNewestFirst(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.product(t)
	var asked []string
	for n := range 5 {
		var q reviews.QuestionView
		s.as(apitest.Ann).Do("POST", questionsPath, map[string]any{"text": fmt.Sprintf("%d번 질문이에요", n)}).Want(201).Into(&q)
		asked = append([]string{q.ID}, asked...)
		s.clock.Advance(time.Minute)
	}
	s.as(apitest.Agent).Do("POST", "/admin"+questionsPath+"/"+asked[2]+"/visibility",
		map[string]any{"visible": false}).Want(200)
	walk := func() (ids []string) {
		for cursor, n := "", 0; n < 10; n++ {
			page := s.questions("?limit=2&cursor=" + url.QueryEscape(cursor))
			for _, q := range page.Questions {
				ids = append(ids, q.ID)
			}
			if cursor = page.NextCursor; cursor == "" {
				break
			}
		}
		return ids
	}
	if got, want := walk(), slices.Delete(slices.Clone(asked), 2, 3); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	s.as(apitest.Agent).Do("POST", "/admin"+questionsPath+"/"+asked[2]+"/visibility",
		map[string]any{"visible": true}).Want(200)
	if got := walk(); !slices.Equal(got, asked) {
		t.Errorf("shown again: %v, want %v", got, asked)
	}
	apitest.New(t, s.handler).Do("GET", questionsPath+"?cursor=bm9uc2Vuc2U", nil).WantField("query/cursor")
}

func TestAHiddenQuestionIsNotAnswered(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.product(t)
	var q reviews.QuestionView
	s.as(apitest.Ann).Do("POST", questionsPath, map[string]any{"text": "언제 재입고되나요?"}).Want(201).Into(&q)
	path := questionsPath + "/" + q.ID
	visible := func(v bool) *apitest.Response {
		return s.as(apitest.Agent).Do("POST", "/admin"+path+"/visibility", map[string]any{"visible": v})
	}
	answer := func(text string) *apitest.Response {
		return s.as(apitest.Agent).Do("POST", path+"/answers", map[string]any{"text": text})
	}
	visible(false).Want(200)
	visible(false).Want(200)
	answer("내일 들어와요").WantProblem(404, "question_not_found")
	visible(true).Want(200)
	answer("내일 들어와요").Want(201)
	s.as(apitest.Bob).Do("POST", path+"/answers", map[string]any{"text": "저도 궁금해요"}).WantProblem(409, "not_a_buyer")
	s.as(apitest.Bob).Do("POST", "/admin"+path+"/visibility", map[string]any{"visible": false}).WantProblem(403,
		"not_allowed")
	s.as(apitest.Agent).Do("POST", questionsPath+"/qst_none/answers", map[string]any{"text": "네"}).
		WantProblem(404, "question_not_found")
	if got := s.questions("").Questions; len(got) != 1 || len(got[0].Answers) != 1 || got[0].Answers[0].By != "shop" {
		t.Errorf("shown %+v", got)
	}
}

func TestAQuestionTakesAsManyAnswersAsItMay(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.product(t)
	var q reviews.QuestionView
	s.as(apitest.Ann).Do("POST", questionsPath, map[string]any{"text": "향이 강한가요?"}).Want(201).Into(&q)
	answer := func(n int) *apitest.Response {
		s.clock.Advance(10 * time.Minute) // within the limit of the hour
		return s.as(apitest.Agent).Do("POST", questionsPath+"/"+q.ID+"/answers",
			map[string]any{"text": fmt.Sprintf("%d번 답이에요", n)})
	}
	for n := range store.MaxAnswers {
		answer(n).Want(201)
	}
	answer(store.MaxAnswers).WantProblem(409, "question_full")
	if got := s.questions("").Questions[0].Answers; len(got) != store.MaxAnswers || got[0].Text != "0번 답이에요" {
		t.Errorf("%d answers, the first %+v", len(got), got[0])
	}
}

func TestAVoteIsChangedTakenBackAndCountedOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	own := s.write("cust-ann", 4, good)
	bob := s.as(apitest.Bob)
	for _, step := range []struct {
		method             string
		helpful            bool
		helped, unhelpfuls int
	}{
		{"DELETE", false, 0, 0}, {"PUT", true, 1, 0}, {"PUT", true, 1, 0}, {"PUT", false, 0, 1}, {"DELETE", false, 0, 0},
		{"DELETE", false, 0, 0}, {"PUT", false, 0, 1},
	} {
		var body any
		if step.method == "PUT" {
			body = map[string]any{"helpful": step.helpful}
		}
		var got struct{ Helpful, Unhelpful int }
		bob.Do(step.method, path(own)+"/vote", body).Want(200).Into(&got)
		if got.Helpful != step.helped || got.Unhelpful != step.unhelpfuls {
			t.Errorf("%s %v: %+v, want %d and %d", step.method, step.helpful, got, step.helped, step.unhelpfuls)
		}
	}
	bob.Do("PUT", "/products/"+soap+"/reviews/rev_none/vote", map[string]any{"helpful": true}).
		WantProblem(404, "review_not_found")
}

func TestAReviewIsWrittenOncePerKey(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.sell("cust-ann")
	keyed := s.as(apitest.Ann).With("Idempotency-Key", "a-review-of-sixteen")
	var first, again reviews.OwnReview
	keyed.Do("POST", "/reviews", said(id, 5, good)).Want(201).Into(&first)
	s.as(apitest.Ann).Do("PUT", path(first), map[string]any{"stars": 3, "text": "다시 써 보니 보통이에요"}).Want(200)
	r := keyed.Do("POST", "/reviews", said(id, 5, good)).Want(201).Into(&again)
	if again.ID != first.ID || again.Stars != 5 || r.Headers.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%+v, then %+v", first, again)
	}
	keyed.Do("POST", "/reviews", said(id, 1, good)).WantProblem(422, "idempotency_key_reused")
	if got := s.stored(first); got.Stars != 3 {
		t.Errorf("the repetition undid the edit: %d stars", got.Stars)
	}
	s.exact()
}

func TestListsOfReviewsShowEachOnceInTheirOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	var stars []int
	texts := []string{ // unlike each other: near copies are held
		good, "포장이 튼튼해서 선물하기에 알맞았습니다.", "물러져서 이틀 만에 다 녹아 버렸네요.",
		"세안 뒤에도 당기지 않아 겨울에 좋겠어요.", "아이 목욕에 쓰는데 눈이 맵지 않대요.", "사진보다 크기가 작아 아쉬웠답니다.",
	}
	for n, said := range []int{3, 5, 1, 4, 5, 2} {
		s.write(fmt.Sprintf("cust-%d", n), said, texts[n])
		stars = append(stars, said)
	}
	walk := func(query string) (got []int) {
		seen := map[string]bool{}
		for cursor, n := "", 0; n < 20; n++ {
			var page struct {
				Reviews    []reviews.ShownReview
				NextCursor string
			}
			apitest.New(t, s.handler).Do("GET", "/products/"+soap+"/reviews?limit=2&"+query+"&cursor="+
				url.QueryEscape(cursor), nil).Want(200).Into(&page)
			for _, r := range page.Reviews {
				if seen[r.ID] {
					t.Errorf("%s shows %s twice", query, r.ID)
				}
				seen[r.ID] = true
				got = append(got, r.Stars)
			}
			if cursor = page.NextCursor; cursor == "" {
				return got
			}
		}
		t.Errorf("%s does not come to an end", query)
		return got
	}
	slices.Reverse(stars)
	for query, want := range map[string][]int{
		"sort=newest": stars, "sort=highest": {5, 5, 4, 3, 2, 1}, "sort=lowest": {1, 2, 3, 4, 5, 5},
		"stars=5": {5, 5}, "sort=lowest&stars=4": {4}, "photo=true": nil, "in=ko&sort=newest": stars, "in=en": nil,
	} {
		if got := walk(query); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	if page := s.page(""); page.Summary.Count != 6 || page.Summary.Stars["5"] != 2 {
		t.Errorf("summary %+v", page.Summary)
	}
	for _, bad := range []string{"sort=best", "stars=6", "stars=-1", "limit=0", "language=fr"} {
		apitest.New(t, s.handler).Do("GET", "/products/"+soap+"/reviews?"+bad, nil).Want(422)
	}
}

func TestAReviewIsWrittenUntilAYearAfterItsParcelArrived(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.sell("cust-ann") // arrived two days ago
	arrived := s.clock.Now().Add(-48 * time.Hour)
	s.clock.MoveTo(arrived.Add(review.WriteWithin + time.Second))
	s.as(apitest.Ann).Do("POST", "/reviews", said(id, 5, good)).WantProblem(409, "review_too_late")
	s2 := open(t)
	id = s2.sell("cust-ann")
	s2.clock.MoveTo(arrived.Add(review.WriteWithin))
	s2.as(apitest.Ann).Do("POST", "/reviews", said(id, 5, good)).Want(201)
}
