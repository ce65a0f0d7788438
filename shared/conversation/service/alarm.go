package service

import (
	"dangol/shared/platform/function"
	"dangol/shared/platform/metrics"
)

// Metrics that alarms and dashboards watch.
const (
	metricEscalated   = "ConversationsEscalated"
	metricRefused     = "FramesRefused"
	metricUndelivered = "FramesUndelivered"
)

// Escalations is the alarm of shoppers who wait longer than the service level allows.
var Escalations = function.Alarm{
	Name: "conversations-escalated", Metric: metricEscalated, Above: 5,
	What: "Shoppers wait longer than the service level for a person: see GET /chat/inbox, and who is online in GET " +
		"/chat/agents",
}

// FramesRefused is the alarm of frames that API Gateway does not let the function send.
var FramesRefused = function.Alarm{
	Name: "frames-refused", Metric: metricRefused,
	What: "API Gateway refuses the frames of the function: its role lacks execute-api:ManageConnections on the " +
		"WebSocket API",
}

// signal counts something that an alarm or a dashboard watches.
func (s *Service) signal(name string) {
	if s.Metrics == nil {
		return
	}
	if err := s.Metrics.Emit(nil, metrics.Metric{Name: name, Unit: metrics.Count, Value: 1}); err != nil {
		s.Log.Warn("metrics", "error", err)
	}
}
