/** What can become of a Decision; once said it stays. */
export const FATE_REASONS = [
  'Used',
  'NotTrusted',
  'NotAuthorised',
  'SelfApproval',
  'WrongUID',
  'WrongEnvironment',
  'WrongGate',
  'DigestMismatch',
  'TooLate',
  'Expired',
] as const;

/** Whether it was used, and why not; undefined: nobody has looked at it yet. */
export interface Fate {
  status: 'True' | 'False';
  reason: (typeof FATE_REASONS)[number];
  message: string;
}

/** It is not used, and why. */
export const no = (reason: Fate['reason'], message: string): Fate => ({ status: 'False', reason, message });
