package dialer_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"dangol/shared/callback/dialer"
	"dangol/shared/platform/awsjson"
	"dangol/shared/platform/clock"
)

var call = dialer.Call{Token: "call_1-1", To: "+821012345678", AgentID: "agent-1", CallID: "call_1", Language: "ko"}

func connect(t *testing.T, status int, kind, answer string, look func(*http.Request, map[string]any)) dialer.Connect {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		if look != nil {
			look(r, body)
		}
		w.Header().Set("x-amzn-ErrorType", kind)
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	config := aws.Config{Region: "ap-northeast-2", Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")}
	settings := dialer.ConnectInstance{InstanceID: "inst", ContactFlowID: "flow", From: "+8225551234"}
	return dialer.NewConnect(config, settings, s.URL, clock.Stopped(time.Unix(1_800_000_000, 0)))
}

func TestConnectIsAskedAsItsAPIDocuments(t *testing.T) {
	t.Parallel()
	d := connect(t, 200, "", `{"ContactId":"b0a1"}`, func(r *http.Request, body map[string]any) {
		if r.Method != "PUT" || r.URL.Path != "/contact/outbound-voice" {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		for field, want := range map[string]string{
			"InstanceId": "inst", "ContactFlowId": "flow", "SourcePhoneNumber": "+8225551234",
			"DestinationPhoneNumber": "+821012345678", "ClientToken": "call_1-1",
		} {
			if body[field] != want {
				t.Errorf("%s is %v", field, body[field])
			}
		}
	})
	if contact, err := d.Dial(t.Context(), call); contact != "b0a1" || err != nil {
		t.Errorf("%q, %v", contact, err)
	}
}

func TestARefusedCallSaysWhy(t *testing.T) {
	t.Parallel()
	for kind, status := range map[string]int{
		"DestinationNotAllowedException": 403, "OutboundContactNotPermittedException": 403, "LimitExceededException": 429,
		"InvalidParameterException": 400, "InternalServiceException": 500,
	} {
		d := connect(t, status, kind, `{"Message":"no"}`, nil)
		_, err := d.Dial(t.Context(), call)
		if got, ok := errors.AsType[*awsjson.Error](err); !ok || got.Status != status || got.Code != kind {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if _, err := connect(t, 200, "", `{}`, nil).Dial(t.Context(), call); err == nil {
		t.Error("an answer without a contact is a call")
	}
}
