// Package events is the contract between functions: the body of every domain event as a Go type, its JSON Schema under
// schemas/ (made from the type, for consumers in other languages), and sample invocations of each function under
// samples/.
//
// An event tells what has happened, in the past tense, with what a consumer needs to act on it without asking back.
// Bodies only grow: a field is never renamed, retyped or removed, because events of last week are still in queues and
// archives. On the bus a body travels as the data of an event.Envelope.
package events

import "dangol/shared/platform/event"

// All has one of every event body. The tests find a body that is missing here.
var All = []event.Body{
	CartMerged{}, CartChanged{},
	CheckoutRefunded{},
	OrderPlaced{},
	OrderShipped{},
	OrderDelivered{},
	OrderCanceled{},
	OrderPaymentFailed{},
	OrderChanged{},
	OrderRefunded{}, OrderPaymentRequested{},
	ReturnRequested{},
	ReturnApproved{},
	ReturnBooked{},
	ReturnReceived{},
	ReturnCompleted{},
	ReturnRejected{},
	ReturnCanceled{},
	ReturnBalanceAsked{},
	ReturnRefundDelayed{},
	CreditGranted{},
	CreditExpiryAnnounced{},
	CreditExpired{},
	PromotionStarted{},
	PromotionEnded{},
	PromotionPaused{},
	PromotionResumed{},
	PromotionBudgetExhausted{},
	ProductCreated{},
	ProductUpdated{},
	ProductArchived{},
	StockLevelChanged{},
	SubscriptionChanged{},
	SubscriptionGiftAnnounced{},
	SubscriptionNoticeIssued{},
	ReviewPublished{},
	ReviewUnpublished{}, ReviewMediaRejected{},
	ReviewReplied{},
	ReviewRewarded{},
	ReviewRewardRevoked{},
	ReviewRequested{},
	RecoveryOpened{},
	RecoveryAnswered{},
	RecoveryResolved{},
	RecoveryDeadlineMissed{},
	ConversationMailRequested{},
	ReviewUpdateInvited{},
	QuestionAsked{},
	QuestionAnswered{},
}
