package api_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/danielgtaylor/huma/v2"

	"dangol/infra/testkit/apitest"
	"dangol/shared/platform/api"
)

type paramType = huma.Param

func TestGoodRequestReachesTheHandler(t *testing.T) {
	t.Parallel()
	guest, _ := client(t)
	r := guest.As(apitest.Ann).With("X-Correlation-Id", "trace-7").Do("POST", "/echo/x?limit=5&cursor=abc",
		map[string]any{"name": "쑥 비누 🎁", "quantity": 2, "lines": []any{map[string]any{"sku": "SOAP", "price": 100}}})
	var got struct{ Name, Subject, Cursor, RequestID, Source, Correlation string }
	var limit struct{ Limit int }
	r.Want(201).Into(&got).Into(&limit)
	want := struct{ Name, Subject, Cursor, RequestID, Source, Correlation string }{"쑥 비누 🎁", "cust-ann", "abc", "req-test",
		"203.0.113.7", "trace-7"}
	if got != want || limit.Limit != 5 {
		t.Errorf("%+v with limit %d, want %+v", got, limit.Limit, want)
	}
	if r.Headers.Get("X-Request-Id") != "req-test" {
		t.Errorf("headers %v", r.Headers)
	}
}

func TestCorrelationIDFromOutsideIsCheckedBeforeItIsLogged(t *testing.T) {
	t.Parallel()
	guest, _ := client(t)
	for sent, want := range map[string]string{
		"": "req-test", "ok-1._Z": "ok-1._Z", "a b": "req-test", `"}{`: "req-test", strings.Repeat("a", 65): "req-test",
		"김": "req-test",
	} {
		var got struct{ Correlation string }
		guest.With("X-Correlation-Id", sent).Do("POST", "/echo/x",
			map[string]any{"name": "n", "quantity": 1}).Want(201).Into(&got)
		if got.Correlation != want {
			t.Errorf("sent %q, used %q", sent, got.Correlation)
		}
	}
}

func TestBadInputNamesTheField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, path, body, pointer, code string }{
		{"an unknown field", "/echo/x", `{"name":"n","quantity":1,"color":"red"}`, "/color", "unknown_field"},
		{"an unknown field in a line", "/echo/x", `{"name":"n","quantity":1,"lines":[{"sku":"A","price":1,"x":1}]}`,
			"/lines/0/x", "unknown_field"},
		{"a field missing", "/echo/x", `{"quantity":1}`, "/name", "required"},
		{"a field missing in a line", "/echo/x", `{"name":"n","quantity":1,"lines":[{"sku":"A"}]}`, "/lines/0/price",
			"required"},
		{"a text for a number", "/echo/x", `{"name":"n","quantity":"1"}`, "/quantity", "wrong_type"},
		{"a fraction for a whole number", "/echo/x", `{"name":"n","quantity":1.5}`, "/quantity", "wrong_type"},
		{"a number for a text", "/echo/x", `{"name":7,"quantity":1}`, "/name", "wrong_type"},
		{"null", "/echo/x", `{"name":null,"quantity":1}`, "/name", "wrong_type"},
		{"an object for a list", "/echo/x", `{"name":"n","quantity":1,"lines":{}}`, "/lines", "wrong_type"},
		{"negative", "/echo/x", `{"name":"n","quantity":-1}`, "/quantity", "too_small"},
		{"huge", "/echo/x", `{"name":"n","quantity":101}`, "/quantity", "too_large"},
		{"beyond 64 bits", "/echo/x", `{"name":"n","quantity":1,"lines":[{"sku":"A","price":99999999999999999999}]}`,
			"/lines/price", "wrong_type"},
		{"beyond 64 bits at the top", "/echo/x", `{"name":"n","quantity":-99999999999999999999}`, "/quantity", "too_small"},
		{"too short", "/echo/x", `{"name":"","quantity":1}`, "/name", "too_short"},
		{"too long", "/echo/x", `{"name":"` + strings.Repeat("가", 21) + `","quantity":1}`, "/name", "too_long"},
		{"too many", "/echo/x", `{"name":"n","quantity":1,"lines":[{"sku":"A","price":1},{"sku":"A","price":1},{"sku":"A","price":1},{"sku":"A","price":1}]}`, "/lines", "too_long"},
		{"none of the list", "/echo/x", `{"name":"n","quantity":1,"kind":"c"}`, "/kind", "not_allowed"},
		{"another form", "/echo/x", `{"name":"n","quantity":1,"lines":[{"sku":"a","price":1}]}`, "/lines/0/sku",
			"wrong_format"},
		{"NUL in a text", "/echo/x", `{"name":"a\u0000b","quantity":1}`, "/name", "nul_character"},
		{"NUL in a name", "/echo/x", `{"name":"n","quantity":1,"notes":{"a\u0000":"b"}}`, "/notes", "nul_character"},
		{"NUL deep in", "/echo/x", `{"name":"n","quantity":1,"lines":[{"sku":"A","price":1},{"sku":"\u0000","price":1}]}`,
			"/lines/1/sku", "nul_character"},
		{"a path too long", "/echo/" + strings.Repeat("x", 11), `{"name":"n","quantity":1}`, "path/id", "too_long"},
		{"a limit of nothing", "/echo/x?limit=0", `{"name":"n","quantity":1}`, "query/limit", "too_small"},
		{"a limit of words", "/echo/x?limit=many", `{"name":"n","quantity":1}`, "query/limit", "wrong_type"},
		{"an unknown parameter", "/echo/x?color=red", `{"name":"n","quantity":1}`, "query/color", "unknown_field"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			guest, _ := client(t)
			f := guest.Do("POST", c.path, c.body).WantField(c.pointer)
			if c.code != "" && f.Code != c.code {
				t.Errorf("code %s (%s), want %s", f.Code, f.Message, c.code)
			}
		})
	}
}

func TestBodyThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"no JSON", `{"name":`, 400, "bad_request"},
		{"no body", ``, 400, "bad_request"},
		{"two documents", `{"name":"n","quantity":1}{}`, 400, "bad_request"},
		{"not UTF-8", "{\"name\":\"\xff\",\"quantity\":1}", 400, "bad_request"},
		{"larger than the route takes", `{"name":"` + strings.Repeat("x", 2_000) + `"}`, 413, "body_too_large"},
		{"a megabyte", `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "body_too_large"},
		{"deep nesting", strings.Repeat("[", 900) + strings.Repeat("]", 900), 422, "invalid_input"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			payload := apitest.Event(t, "POST", "/echo/x", nil, nil)
			var event events.APIGatewayV2HTTPRequest
			if err := json.Unmarshal(payload, &event); err != nil {
				t.Fatal(err)
			}
			event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(c.body)), true
			raw, err := json.Marshal(event)
			if err != nil {
				t.Fatal(err)
			}
			out, err := service(nil).Lambda().Invoke(t.Context(), raw)
			if err != nil {
				t.Fatal(err)
			}
			var answer events.APIGatewayV2HTTPResponse
			var p struct{ Code, RequestID string }
			if err := json.Unmarshal(out, &answer); err != nil || json.Unmarshal([]byte(answer.Body), &p) != nil {
				t.Fatalf("%s, %v", out, err)
			}
			if answer.StatusCode != c.status || p.Code != c.code || p.RequestID != "req-test" {
				t.Errorf("%d %+v, want %d %s\n%s", answer.StatusCode, p, c.status, c.code, answer.Body)
			}
		})
	}
}

func TestErrorsOfHandlersBecomeProblems(t *testing.T) {
	t.Parallel()
	guest, logged := client(t)
	p := guest.Do("GET", "/fail/problem", nil).WantProblem(409, "cart_closed")
	if p.Detail != "This cart has been ordered." || p.Extra["orderId"] != "ord_1" || p.RequestID != "req-test" ||
		p.Title != "Conflict" {
		t.Errorf("%+v", p)
	}
	for _, path := range []string{"/fail/error", "/fail/other", "/panic"} {
		r := guest.Do("GET", path, nil)
		r.WantProblem(500, "internal")
		if strings.Contains(r.Body, "Commerce-prod") {
			t.Errorf("%s tells the caller: %s", path, r.Body)
		}
	}
	if !strings.Contains(logged.String(), "Commerce-prod") || !strings.Contains(logged.String(), "panic") {
		t.Errorf("logged %s", logged.String())
	}
	guest.Do("GET", "/fail/cursor", nil).WantField("query/cursor")
	guest.Do("GET", "/nowhere", nil).WantProblem(404, "no_such_route")
	guest.Do("DELETE", "/public", nil).WantProblem(404, "no_such_route")
}

func TestIdempotencyKeyIsReadWhereTheRouteTakesOne(t *testing.T) {
	t.Parallel()
	guest, _ := client(t)
	body := `{"name":"n","quantity":1}`
	type seen struct {
		Keyed      bool
		Key, Token string
	}
	do := func(c *apitest.Client, path, body string) (s seen) {
		c.Do("POST", path, body).Into(&s)
		return s
	}
	if s := do(guest, "/echo/x", body); s.Keyed {
		t.Errorf("without a key: %+v", s)
	}
	first := do(guest.With("Idempotency-Key", "k-1"), "/echo/x", body)
	if !first.Keyed || first.Key != "k-1" {
		t.Errorf("with a key: %+v", first)
	}
	if again := do(guest.With("Idempotency-Key", "k-1"), "/echo/x",
		`{"name":"other","quantity":1}`); again.Token != first.Token {
		t.Error("a repetition with another body is not recognized as the same key")
	}
	for name, other := range map[string]seen{
		"another key":        do(guest.With("Idempotency-Key", "k-2"), "/echo/x", body),
		"another thing":      do(guest.With("Idempotency-Key", "k-1"), "/echo/y", body),
		"another route":      do(guest.With("Idempotency-Key", "k-1"), "/keyed/x", body),
		"another customer":   do(guest.As(apitest.Ann).With("Idempotency-Key", "k-1"), "/echo/x", body),
		"another guest":      do(guest.With("Cart-Token", "t").With("Idempotency-Key", "k-1"), "/echo/x", body),
		"yet another person": do(guest.As(apitest.Bob).With("Idempotency-Key", "k-1"), "/echo/x", body),
	} {
		if other.Token == first.Token || !other.Keyed {
			t.Errorf("%s shares the key: %+v", name, other)
		}
	}
	guest.Do("POST", "/keyed/x", body).WantField("header/Idempotency-Key")
	for _, bad := range []string{strings.Repeat("k", 256), "ключ", "a\tb"} {
		if f := guest.With("Idempotency-Key", bad).Do("POST", "/echo/x",
			body).WantField("header/Idempotency-Key"); f.Code != "wrong_format" {
			t.Errorf("%q: %+v", bad, f)
		}
	}
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header, version string
		want            bool
	}{
		{"", "3", true}, {"*", "3", true}, {`"3"`, "3", true}, {`"2", "3"`, "3", true}, {`"2"`, "3", false},
		{"3", "3", false},
		{`W/"3"`, "3", false}, {`"33"`, "3", false}, {`""`, "3", false},
	} {
		if got := api.Matches(c.header, c.version); got != c.want {
			t.Errorf("If-Match: %s against %s: %t", c.header, c.version, got)
		}
	}
}

func TestBusySaysWhenToTryAgain(t *testing.T) {
	t.Parallel()
	guest, _ := client(t)
	r := guest.Do("GET", "/fail/busy", nil)
	r.WantProblem(503, "busy")
	if r.Headers.Get("Retry-After") != "1" {
		t.Errorf("headers %v", r.Headers)
	}
}

func TestAFieldIsReadOnceAndAsItIsWritten(t *testing.T) {
	t.Parallel()
	guest, _ := client(t)
	for _, c := range []struct{ name, body, pointer, code string }{
		{"twice", `{"name":"a","quantity":1,"name":"b"}`, "/name", "duplicate_field"},
		{"twice, once escaped", `{"name":"a","quantity":1,"n\u0061me":"b"}`, "/name", "duplicate_field"},
		{"twice in a line", `{"name":"a","quantity":1,"lines":[{"sku":"A","price":1},{"sku":"A","price":1,"sku":"B"}]}`,
			"/lines/1/sku", "duplicate_field"},
		{"an object twice, half in each", `{"name":"a","quantity":1,"notes":{"a":"b"},"notes":{"c":"d"}}`, "/notes",
			"duplicate_field"},
		{"a key of a map twice", `{"name":"a","quantity":1,"notes":{"a":"b","a":"c"}}`, "/notes/a", "duplicate_field"},
		{"other letters besides", `{"name":"a","quantity":1,"NAME":"` + strings.Repeat("b", 30) + `"}`, "/NAME",
			"unknown_field"},
		{"other letters alone", `{"Name":"a","quantity":1}`, "/name", "required"},
		{"a long s, which folds to s", `{"name":"a","quantity":1,"line\u017f":[]}`, "/lineſ", "unknown_field"},
		{"nested without end", `{"name":"a","quantity":1,"notes":` + strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}",
			40) + `}`,
			"/notes" + strings.Repeat("/a", 31), "too_deep"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := guest.Do("POST", "/echo/x", c.body).Want(422).WantField(c.pointer)
			if f.Code != c.code {
				t.Errorf("code %q, want %q", f.Code, c.code)
			}
		})
	}
	guest.Do("POST", "/echo/x", `{"name":"a","quantity":1,"notes":{"a":"b","A":"c"}}`).Want(201)
}

func TestAnswersStayOutOfCachesUnlessTheySayOtherwise(t *testing.T) {
	t.Parallel()
	guest, _ := client(t)
	for _, path := range []string{"/public", "/fail/problem", "/fail/error", "/customer", "/nowhere", "/panic"} {
		r := guest.Do("GET", path, nil)
		if r.Headers.Get("Cache-Control") != "no-store" || r.Headers.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", path, r.Headers)
		}
		if r.Headers.Get("Content-Security-Policy") != "" {
			t.Errorf("%s is no page and has a policy", path)
		}
	}
}
