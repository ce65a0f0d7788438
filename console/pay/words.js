// The texts of the page, by language. {amount} is filled in.
export const words = {
  ko: {
    title: "구독 결제 확인", language: "English", plan: "구독", amount: "결제할 금액", card: "카드", loading: "불러오는 중입니다.",
    login: "결제를 확인하려면 로그인해 주세요.", toLogin: "로그인", none: "메일에 있는 링크로 열어 주세요.",
    noLogin: "쇼핑몰에 로그인한 뒤 내 구독에서 결제해 주세요.",
    missing: "구독을 찾을 수 없습니다. 구독하신 계정으로 로그인해 주세요.", again: "다른 계정으로 로그인",
    shopper: "카드사에서 본인 확인을 요청했습니다. 아래 버튼을 누르면 카드사 화면으로 이동합니다.", toBank: "카드사에서 확인하기",
    retry: "지난 결제가 되지 않았습니다. 지금 결제할 수 있습니다.", pay: "{amount} 결제하기",
    newCard: "이 카드로는 결제할 수 없습니다. 다른 카드를 등록해 주세요.", method: "새 결제 수단 (결제사 토큰)", change: "이 카드로 결제하기",
    inShop: "다른 카드는 쇼핑몰의 내 구독에서 등록할 수 있습니다.",
    running: "결제를 처리하고 있습니다. 잠시만 기다려 주세요.", paid: "결제할 금액이 없습니다. 구독은 그대로 이어집니다.",
    done: "결제가 완료되었습니다. 구독은 그대로 이어집니다.", over: "이미 종료된 구독입니다. 결제할 금액이 없습니다.",
    declined: "결제되지 않았습니다. 다시 시도하거나 다른 카드를 사용해 주세요.", failed: "지금은 처리할 수 없습니다. 잠시 뒤에 다시 시도해 주세요.",
  },
  en: {
    title: "Pay for your subscription", language: "한국어", plan: "Subscription", amount: "To pay", card: "Card", loading: "Loading.",
    login: "Please log in to see the payment.", toLogin: "Log in", none: "Please open the link in the mail.",
    noLogin: "Please log in at the shop and pay under your subscriptions.",
    missing: "There is no such subscription. Log in with the account that subscribed.", again: "Log in with another account",
    shopper: "Your bank wants to see you confirm the payment. The button leads to your bank.", toBank: "Confirm at your bank",
    retry: "The last payment did not go through. You can pay now.", pay: "Pay {amount}",
    newCard: "This card cannot be charged. Please use another one.", method: "New payment method (the provider's token)", change: "Pay with this card",
    inShop: "Add another card at the shop, under your subscriptions.",
    running: "The payment is being processed. One moment, please.", paid: "There is nothing to pay. Your subscription goes on.",
    done: "Paid. Your subscription goes on.", over: "This subscription has ended. There is nothing to pay.",
    declined: "The payment was not made. Try again or use another card.", failed: "That did not work right now. Please try again in a moment.",
  },
};
