// The words of the chat widget, in Korean and in English.
export const WORDS = {
  ko: {
    open: "상담 열기", close: "닫기", title: "하늘 상담", write: "메시지를 입력하세요", send: "보내기", offline: "연결이 끊겼습니다. 다시 연결하는 중…",
    typing: "입력 중…", sending: "보내는 중…", failed: "보내지 못했습니다", rate: "오늘 상담은 어떠셨나요?", thanks: "감사합니다!", again: "새 상담 시작", end: "상담 끝내기",
    stars: "점", file: "파일 보내기", uploading: "파일을 올리는 중…", delivered: "도착", read: "읽음", yes: "네", no: "아니요", suggestions: "이런 질문인가요?",
    away: "지금은 상담 시간이 아닙니다.", mail: "메일로 답 받기", address: "메일 주소", save: "저장", mailSaved: "답을 메일로도 보내 드리겠습니다.",
    call: "전화 예약", slot: "전화받을 시간", name: "성함", number: "전화번호", sendCode: "확인 번호 받기", code: "문자로 받은 확인 번호", book: "예약하기",
    transcript: "대화 내용을 메일로 받기", codeMailed: "메일로 확인 번호를 보냈습니다.", mailedCode: "메일로 받은 확인 번호", confirm: "확인",
    transcriptSent: "대화 내용을 {email} 주소로 보내 드립니다.",
    booked: "전화를 예약했습니다.", noSlots: "지금은 예약할 수 있는 시간이 없습니다.",
  },
  en: {
    open: "Open chat", close: "Close", title: "Haneul", write: "Write a message", send: "Send", offline: "Connection lost. Connecting again…",
    typing: "is typing…", sending: "Sending…", failed: "Not sent", rate: "How did we do?", thanks: "Thank you!", again: "Start a new chat", end: "End chat",
    stars: "stars", file: "Send a file", uploading: "Uploading…", delivered: "Delivered", read: "Read", yes: "Yes", no: "No", suggestions: "Is it one of these?",
    away: "We are closed right now.", mail: "Answer by email", address: "Email address", save: "Save", mailSaved: "We will send the answer to your email address, too.",
    call: "Book a call", slot: "When we call", name: "Your name", number: "Phone number", sendCode: "Send me a code", code: "Code from the text message", book: "Book the call",
    transcript: "Email me this chat", codeMailed: "We have emailed you a code.", mailedCode: "Code from the email", confirm: "Confirm",
    transcriptSent: "This chat is on its way to {email}.",
    booked: "Your call is booked.", noSlots: "There is no free time for a call right now.",
  },
};
