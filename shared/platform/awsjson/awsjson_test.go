package awsjson_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"dangol/shared/platform/awsjson"
	"dangol/shared/platform/clock"
)

func client(base string) awsjson.Client {
	return awsjson.Client{
		Config: aws.Config{Region: "ap-northeast-2",
			Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", "")},
		Service: "bedrock", Base: base, Clock: clock.Stopped(time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC)),
	}
}

func TestARequestIsSignedForItsService(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		signature := r.Header.Get("Authorization")
		if !strings.Contains(signature, "Credential=AKID/20261130/ap-northeast-2/bedrock/aws4_request") {
			t.Errorf("signed as %s", signature)
		}
		if r.URL.EscapedPath() != "/model/a%3A0/converse" || string(body) != `{"q":1}` {
			t.Errorf("%s %s", r.URL.EscapedPath(), body)
		}
		io.WriteString(w, `{"answer":2}`)
	}))
	defer s.Close()
	var out struct{ Answer int }
	err := client(s.URL).Do(t.Context(), "POST", "/model/a%3A0/converse", map[string]int{"q": 1}, &out)
	if err != nil || out.Answer != 2 {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestAnOperationIsNamedInItsHeader(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "POST" || r.URL.Path != "/" || r.Header.Get("X-Amz-Target") != "PinpointSMSVoiceV2.SendTextMessage" ||
			r.Header.Get("Content-Type") != "application/x-amz-json-1.0" ||
			!strings.Contains(r.Header.Get("Authorization"), "x-amz-target") {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
		io.WriteString(w, `{"MessageId":"m-1"}`)
	}))
	defer s.Close()
	var out struct{ MessageId string }
	err := client(s.URL).Call(t.Context(), "PinpointSMSVoiceV2.SendTextMessage", map[string]string{"MessageBody": "x"},
		&out)
	if err != nil || out.MessageId != "m-1" {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestARefusalHasItsStatusAndName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, kind, body string
		status           int
		want             awsjson.Error
	}{
		{"throttled", "ThrottlingException:http://example.com/", `{"message":"slow down"}`, 429,
			awsjson.Error{Status: 429, Code: "ThrottlingException", Detail: "slow down"}},
		{"a capital letter", "InvalidRequestException", `{"Message":"no"}`, 400,
			awsjson.Error{Status: 400, Code: "InvalidRequestException", Detail: "no"}},
		{"the name in the body", "", `{"__type":"com.amazonaws.pinpointsmsvoicev2#ConflictException","Message":"no"}`, 400,
			awsjson.Error{Status: 400, Code: "ConflictException", Detail: "no"}},
		{"a proxy's page", "", `<html>`, 502, awsjson.Error{Status: 502}},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("x-amzn-ErrorType", test.kind)
			w.WriteHeader(test.status)
			io.WriteString(w, test.body)
		}))
		err := client(s.URL).Do(t.Context(), "POST", "/", nil, nil)
		s.Close()
		if got, ok := errors.AsType[*awsjson.Error](err); !ok || *got != test.want {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body) // the server notices that the client has gone only after the body
		close(asked)
		<-r.Context().Done()
	}))
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if err := client(s.URL).Do(ctx, "POST", "/", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
