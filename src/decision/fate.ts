/** Whether it was used, and why not; undefined: nobody has looked at it yet. */
export interface Fate {
  status: 'True' | 'False';
  reason:
    | 'Used'
    | 'NotTrusted'
    | 'NotAuthorised'
    | 'SelfApproval'
    | 'WrongUID'
    | 'WrongEnvironment'
    | 'WrongGate'
    | 'DigestMismatch'
    | 'TooLate'
    | 'Expired';
  message: string;
}

/** It is not used, and why. */
export const no = (reason: Fate['reason'], message: string): Fate => ({ status: 'False', reason, message });
