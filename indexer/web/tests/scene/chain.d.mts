export interface SceneOnChain {
  readonly rpc: string;
  readonly directory: string;
  call(method: string, ...params: unknown[]): Promise<unknown>;
  revoke(name: string, label: string, reason: string): Promise<void>;
  reorganise(depth: number): Promise<void>;
}

export function attachScene(rpc: string, directory: string): SceneOnChain;
