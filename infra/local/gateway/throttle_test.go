package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"dangol/infra/local/gateway"
	"dangol/infra/topology"
	"dangol/shared/platform/clock"
)

func TestMoreThanTheBurstIsThrottledAsByAPIGateway(t *testing.T) {
	t.Parallel()
	invoked := 0
	// One request a second comes back, so that most of fifty are refused on the slowest machine.
	limits := gateway.Limits{Running: 10, Wait: time.Second, Rate: 1, Burst: 3}
	g := gateway.New(topology.Dangol, clock.System{}, limits, func(context.Context, string, []byte) ([]byte, error) {
		invoked++
		return json.Marshal(events.APIGatewayV2HTTPResponse{StatusCode: 200})
	})
	refused := 0
	for range 50 {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/products", nil))
		if w.Code == http.StatusTooManyRequests {
			refused++
			if !strings.Contains(w.Body.String(), `{"message":"Too Many Requests"}`) {
				t.Errorf("refused with %s", w.Body)
			}
		}
	}
	if refused == 0 || invoked < 3 || refused+invoked != 50 {
		t.Errorf("%d invoked, %d refused", invoked, refused)
	}
}
