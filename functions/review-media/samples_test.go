package reviewmedia_test

import (
	"encoding/json"
	"strings"
	"testing"

	reviewmedia "dangol/functions/review-media"
	"dangol/infra/testkit/apitest"
	"dangol/shared/platform/event"
)

func envelope(t *testing.T, e *event.Event) []byte {
	t.Helper()
	payload, err := json.Marshal(map[string]any{"detail-type": e.Type, "detail": e.Envelope()})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func TestSamples(t *testing.T) {
	t.Parallel()
	handler, err := reviewmedia.New(t.Context(),
		apitest.Env(t, "review-media", noon, map[string]string{"MEDIA_BUCKET": "media"}))
	if err != nil {
		t.Fatal(err)
	}
	apitest.Samples(t, handler, "review-media", samples)
}

func TestAStartThatCannotWorkNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"CARE_TABLE", "COMMERCE_TABLE", "JWT_ISSUER", "MEDIA_BUCKET"} {
		changed := map[string]string{"MEDIA_BUCKET": "media"}
		changed[variable] = ""
		_, err := reviewmedia.New(t.Context(), apitest.Env(t, "review-media", noon, changed))
		if err == nil || !strings.Contains(err.Error(), variable) {
			t.Errorf("without %s the start says %v", variable, err)
		}
	}
}

// samples are the recorded invocations and the status each is answered with; 0 for those that are no request.
var samples = map[string]int{
	"add-not-yours": 404, "add-too-large": 422, "complete-not-yours": 404, "review.unpublished": 0,
	"review.media_rejected": 0,
}
