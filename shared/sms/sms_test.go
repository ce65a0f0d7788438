package sms_test

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
	"github.com/google/go-cmp/cmp"

	"dangol/shared/platform/awsjson"
	"dangol/shared/platform/clock"
	"dangol/shared/sms"
)

const pool = "arn:aws:sms-voice:ap-northeast-2:123456789012:pool/pool-1"

// messaging is a sender whose calls are answered by handle.
func messaging(t *testing.T, handle http.HandlerFunc) sms.Messaging {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	config := aws.Config{Region: "ap-northeast-2", Credentials: credentials.NewStaticCredentialsProvider("AKID", "s", "")}
	return sms.New(config, pool, s.URL, clock.Stopped(time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC)))
}

var code = sms.Message{To: "+821012345678", Text: "[하늘] 인증번호는 123456입니다.", Life: 600}

func TestTheServiceIsAskedAsItsAPIDocuments(t *testing.T) {
	t.Parallel()
	m := messaging(t, func(w http.ResponseWriter, r *http.Request) {
		var got map[string]any
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		want := map[string]any{
			"DestinationPhoneNumber": "+821012345678", "OriginationIdentity": pool, "MessageBody": code.Text,
			"MessageType": "TRANSACTIONAL", "TimeToLive": 600.0,
		}
		if diff := cmp.Diff(want, got); diff != "" || r.Header.Get("X-Amz-Target") != "PinpointSMSVoiceV2.SendTextMessage" {
			t.Errorf("%v %s", r.Header, diff)
		}
		_, _ = io.WriteString(w, `{"MessageId":"m-1"}`)
	})
	if id, err := m.Send(t.Context(), code); err != nil || id != "m-1" {
		t.Errorf("%q, %v", id, err)
	}
}

func TestAMessageThatIsNotTakenIsAnErrorWithItsReason(t *testing.T) {
	t.Parallel()
	calls := 0
	for _, test := range []struct {
		status int
		body   string
		want   string
	}{
		{400, `{"__type":"ConflictException","Reason":"DESTINATION_PHONE_NUMBER_OPTED_OUT"}`, "ConflictException"},
		{400, `{"__type":"ThrottlingException","Message":"slow down"}`, "ThrottlingException"},
		{200, `{}`, ""},
	} {
		m := messaging(t, func(w http.ResponseWriter, _ *http.Request) {
			calls++
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, test.body)
		})
		before := calls
		_, err := m.Send(t.Context(), code)
		refused, _ := errors.AsType[*awsjson.Error](err)
		if err == nil || test.want != "" && (refused == nil || refused.Code != test.want) {
			t.Errorf("%s: %v", test.body, err)
		}
		// A second message with the same code would only confuse.
		if calls-before != 1 {
			t.Errorf("%s: sent %d times", test.body, calls-before)
		}
	}
}
